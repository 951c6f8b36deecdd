package io.farpage.vmm;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.farpage.vmm.VmmException.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ForeignWritersTest {
  @Test
  void aVhostUserNetworkIsRefusedByName() throws IOException {
    try (VhostUserPeer peer = new VhostUserPeer();
        RealQemu real =
            RealQemu.withSharedRam(
                "-chardev", "socket,id=chr0,path=" + peer.socket(),
                "-netdev", "vhost-user,id=net0,chardev=chr0",
                "-device", "virtio-net-pci,netdev=net0,id=nic0");
        Qemu qemu = real.attach()) {
      assertRefused(qemu, "network backend 'net0' (vhost-user)");
    }
  }

  @Test
  void aVhostUserDiskIsRefusedByName() throws Exception {
    try (RealQemu files = RealQemu.withSharedRam()) {
      Files.write(files.directory().resolve("disk"), new byte[1 << 20]);
      Process backend =
          new ProcessBuilder(
                  "qemu-storage-daemon",
                  "--blockdev",
                  "driver=file,node-name=disk,filename=" + files.directory().resolve("disk"),
                  "--export",
                  "type=vhost-user-blk,id=export,node-name=disk,addr.type=unix,addr.path="
                      + files.directory().resolve("vub"))
              .inheritIO()
              .start();
      try {
        while (!Files.exists(files.directory().resolve("vub")) && backend.isAlive()) {
          Thread.sleep(10);
        }
        try (RealQemu real =
                RealQemu.withSharedRam(
                    "-chardev",
                    "socket,id=chr0,path=" + files.directory().resolve("vub"),
                    "-device",
                    "vhost-user-blk-pci,chardev=chr0,id=disk0");
            Qemu qemu = real.attach()) {
          assertRefused(qemu, "device 'disk0' (vhost-user-blk-pci)");
        }
      } finally {
        backend.destroy();
        assertTrue(backend.waitFor(20, TimeUnit.SECONDS));
      }
    }
  }

  @Test
  void memorySharedBetweenGuestsIsRefusedByName() throws IOException {
    try (RealQemu real =
            RealQemu.withSharedRam(
                "-object", "memory-backend-file,id=shared,size=4M,mem-path=RAMDIR/shared,share=on",
                "-device", "ivshmem-plain,memdev=shared");
        Qemu qemu = real.attach()) {
      assertRefused(qemu, "device 'device[0]' (ivshmem-plain)");
    }
  }

  @Test
  void ordinaryDevicesPass() throws IOException {
    try (RealQemu real =
            RealQemu.withSharedRam(
                "-netdev",
                "user,id=net0",
                "-device",
                "virtio-net-pci,netdev=net0,id=vhost-user",
                "-blockdev",
                "driver=null-co,node-name=disk",
                "-device",
                "virtio-blk-pci,drive=disk",
                "-device",
                "virtio-balloon-pci,id=balloon");
        Qemu qemu = real.attach()) {
      qemu.refuseForeignWriters();
    }
  }

  // What cannot run everywhere is recognised in what QEMU and the kernel say about it.

  @Test
  void vfioAndVdpaDevicesAreRecognisedInQom() throws IOException {
    JsonNode devices =
        json(
            "[{'name':'type','type':'string'},"
                + "{'name':'gpu0','type':'child<vfio-pci>'},"
                + "{'name':'device[1]','type':'child<vfio-pci-nohotplug>'},"
                + "{'name':'fs0','type':'child<vhost-user-fs-pci>'},"
                + "{'name':'blk0','type':'child<vhost-vdpa-device-pci>'},"
                + "{'name':'remote0','type':'child<vfio-user-pci>'},"
                + "{'name':'vsock0','type':'child<vhost-vsock-pci>'},"
                + "{'name':'nic0','type':'child<virtio-net-pci>'}]");
    assertEquals(
        List.of(
            "device 'gpu0' (vfio-pci)",
            "device 'device[1]' (vfio-pci-nohotplug)",
            "device 'fs0' (vhost-user-fs-pci)",
            "device 'blk0' (vhost-vdpa-device-pci)",
            "device 'remote0' (vfio-user-pci)"),
        ForeignWriters.inQomList(devices));
  }

  @Test
  void vdpaIsRecognisedAmongNetworkBackendsAndInKernelVhostIsNot() {
    String info =
        "nic0: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:56\r\n"
            + " \\ net0: index=0,type=tap,ifname=tap0,script=no,downscript=no,vhost=on\r\n"
            + "nic1: index=0,type=nic,model=virtio-net-pci,macaddr=52:54:00:12:34:57\r\n"
            + " \\ net1: index=0,type=vhost-vdpa,vhostdev=/dev/vhost-vdpa-0\r\n"
            + "net2: index=0,type=vhost-user,disconnected\r\n";
    assertEquals(
        List.of("network backend 'net1' (vhost-vdpa)", "network backend 'net2' (vhost-user)"),
        ForeignWriters.inNetworkInfo(info));
  }

  @Test
  void userSpaceDriversAreRecognisedAmongBlockNodes() throws IOException {
    assertEquals(
        List.of("block node 'n0' (nvme)", "block node 'n1' (virtio-blk-vhost-user)"),
        ForeignWriters.inBlockNodes(
            json(
                "[{'node-name':'n0','drv':'nvme'},{'node-name':'n1','drv':'virtio-blk-vhost-user'},"
                    + "{'node-name':'n2','drv':'file'}]")));
  }

  @Test
  void vfioAndVdpaAreRecognisedAmongDescriptors() {
    assertEquals(
        List.of(
            "open descriptor /dev/vfio/vfio",
            "open descriptor /dev/vfio/12",
            "open descriptor /dev/vfio/devices/vfio0",
            "open descriptor anon_inode:[vfio-device]",
            "open descriptor /dev/iommu",
            "open descriptor /dev/vhost-vdpa-0"),
        ForeignWriters.inDescriptors(
            List.of(
                "/dev/kvm",
                "/dev/vfio/vfio",
                "/dev/vfio/12",
                "/dev/vfio/devices/vfio0",
                "anon_inode:[vfio-device]",
                "/dev/iommu",
                "/dev/vhost-net",
                "/dev/vhost-vdpa-0",
                "anon_inode:[eventfd]",
                "socket:[1]")));
  }

  private static void assertRefused(Qemu qemu, String writer) {
    VmmException e = assertThrows(VmmException.class, qemu::refuseForeignWriters);
    assertEquals(Problem.FOREIGN_WRITER, e.problem());
    assertEquals(
        "other processes or hardware write this guest's memory, so it cannot be moved: "
            + writer
            + "; unplug them first (device_del), or start QEMU without them",
        e.getMessage());
  }

  private static JsonNode json(String text) throws IOException {
    return new ObjectMapper().readTree(text.replace('\'', '"'));
  }
}
