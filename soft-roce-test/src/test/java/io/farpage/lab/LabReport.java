package io.farpage.lab;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.opentest4j.TestAbortedException;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.w3c.dom.NodeList;
import org.xml.sax.SAXException;

/**
 * How one test ended in the lab.
 *
 * @param name of class and method
 * @param failure its stack trace, or null
 * @param skipped the reason why it was not run or not finished, or null
 */
record LabReport(String name, String failure, String skipped) {
  private static final String FILES = "TEST-*.xml";

  /** Where the reports of a run are. */
  static Path directory(Path out) {
    return out.resolve("reports");
  }

  /** Removes the reports of an earlier run. */
  static void delete(Path out) throws IOException {
    Files.createDirectories(directory(out));
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory(out), FILES)) {
      for (Path file : files) {
        Files.delete(file);
      }
    }
  }

  /** All tests of a run. */
  static List<LabReport> readAll(Path out) throws IOException {
    List<LabReport> reports = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory(out), FILES)) {
      for (Path file : files) {
        NodeList cases =
            DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(file.toFile())
                .getElementsByTagName("testcase");
        for (int i = 0; i < cases.getLength(); i++) {
          reports.add(of((Element) cases.item(i)));
        }
      }
    } catch (ParserConfigurationException | SAXException e) {
      throw new IOException("the reports in " + out + " cannot be read", e);
    }
    return reports;
  }

  /** Ends as the test ended there. */
  void replay(Path out) {
    if (failure != null) {
      throw new AssertionError(failure + "\n(all of its output is in " + out + ")");
    }
    if (skipped != null) {
      if ("true".equals(System.getenv("CI"))) {
        throw new AssertionError("CI=true, and " + name + " was skipped in the lab: " + skipped);
      }
      System.err.println("SKIPPED in the lab: " + name + ": " + skipped);
      throw new TestAbortedException(skipped);
    }
  }

  private static LabReport of(Element test) {
    String type = test.getAttribute("classname");
    String failure = text(test, "failure");
    return new LabReport(
        type.substring(type.lastIndexOf('.') + 1) + "." + test.getAttribute("name"),
        failure != null ? failure : text(test, "error"),
        firstLine(text(test, "skipped")));
  }

  private static String firstLine(String text) {
    return text == null ? null : text.lines().findFirst().orElse("");
  }

  private static String text(Element test, String tag) {
    NodeList found = test.getElementsByTagName(tag);
    if (found.getLength() == 0) {
      return null;
    }
    Node element = found.item(0);
    return element.getTextContent().strip();
  }
}
