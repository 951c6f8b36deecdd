package io.farpage.qmp;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The version that QEMU gives in its greeting.
 *
 * @param packageVersion what the packager added, such as {@code Debian 1:7.2+dfsg-7}; may be empty
 */
public record QmpVersion(int major, int minor, int micro, String packageVersion) {

  /** Whether this is {@code major.minor} or newer. */
  public boolean isAtLeast(int wantedMajor, int wantedMinor) {
    return major > wantedMajor || (major == wantedMajor && minor >= wantedMinor);
  }

  static QmpVersion fromGreeting(JsonNode greeting) {
    JsonNode version = greeting.path("QMP").path("version");
    JsonNode qemu = version.path("qemu");
    return new QmpVersion(
        qemu.path("major").asInt(),
        qemu.path("minor").asInt(),
        qemu.path("micro").asInt(),
        version.path("package").asText(""));
  }

  @Override
  public String toString() {
    String number = major + "." + minor + "." + micro;
    return packageVersion.isEmpty() ? number : number + " (" + packageVersion + ")";
  }
}
