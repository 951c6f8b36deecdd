/* Another libdisni, which knows its version and no more; VERSION is given. */
#include <jni.h>

#define NATIVE(name) JNIEXPORT jint JNICALL Java_com_ibm_disni_verbs_impl_NativeDispatcher__1##name(void)

NATIVE(getVersion) { return VERSION; }
NATIVE(getSockAddrInSize) { return 28; }
NATIVE(getIbvRecvWRSize) { return 32; }
NATIVE(getIbvSendWRSize) { return 72; }
NATIVE(getIbvSgeSize) { return 16; }
NATIVE(getIbvWCSize) { return 48; }
NATIVE(getRemoteAddressOffset) { return 40; }
NATIVE(getRKeyOffset) { return 48; }
