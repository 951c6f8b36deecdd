/**
 * The Soft-RoCE lab: machines with an RDMA adapter, on a machine that has none.
 *
 * <p>{@link io.farpage.lab.Lab} boots one or two small VMs for the time of a command; each has the
 * files of this machine and the software adapter {@code rxe0}. {@link io.farpage.lab.RemoteHost} is
 * for programs that run on the first of two.
 *
 * <h2>Tests that run there</h2>
 *
 * <p>A test class with {@code @Tag("lab")} is left out of the ordinary run, here and in any other
 * module. A test factory of an ordinary class runs it, with {@code LabSuite}:
 *
 * <pre>{@code
 * @TestFactory
 * Stream<DynamicNode> reads() {
 *   return LabSuite.run(Lab.on(LabKernel.V6_12), ReadsTest.class);
 * }
 * }</pre>
 *
 * <p>What such a run leaves is in {@code target/lab/}: console, output and reports.
 *
 * <h2>A real adapter</h2>
 *
 * <p>{@code mvn verify -Dfarpage.rdma.here=ADDRESS} runs the tests for one host on this machine
 * itself, on the RDMA adapter that has this IPv4 address, and skips those for two hosts. One
 * command on it: {@code farpage lab --here ADDRESS -- COMMAND}. Such a test finds the address in
 * {@code FARPAGE_LAB_ADDRESS}.
 */
package io.farpage.lab;
