package io.farpage.linux;

/**
 * A userfaultfd of another process, open in both.
 *
 * @param local this process's copy
 * @param pid the process whose memory it watches
 * @param remoteFd the descriptor's number there, where it stays open until {@link
 *     InjectedUserfaultfd#closeRemote}
 */
public record RemoteUserfaultfd(Userfaultfd local, int pid, int remoteFd) {}
