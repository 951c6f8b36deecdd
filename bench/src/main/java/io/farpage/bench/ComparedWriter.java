package io.farpage.bench;

import io.farpage.guest.RunningWriter;
import io.farpage.guest.TouchHistogram;
import io.farpage.guest.WritePattern;
import java.io.IOException;
import java.time.Duration;

/** A writer guest that times its touches. */
final class ComparedWriter implements ComparedGuest {
  private static final Duration UNDISTURBED = Duration.ofSeconds(1);
  private static final Duration CALIBRATION = Duration.ofMillis(500);

  private final MovingWriter writer;
  private final FaultThreshold threshold;

  /**
   * Takes a guest that is stopped.
   *
   * @param threshold touches that took longer have waited for a page
   */
  ComparedWriter(final MovingWriter writer, final FaultThreshold threshold) {
    this.writer = writer;
    this.threshold = threshold;
    writer.run();
  }

  @Override
  public MovingGuest vm() {
    return writer.vm();
  }

  @Override
  public Watch watch() throws IOException {
    if (writer.guest().pattern() == WritePattern.IDLE) {
      return new WriterWatch(0, null);
    }
    try (RunningWriter running = writer.open()) {
      final TouchHistogram touched = running.touches();
      final WriteRate rate = WriteRate.begin(running);
      final TouchClock clock = TouchClock.measure(running, CALIBRATION);
      final WriterWatch watch = new WriterWatch(rate.end(UNDISTURBED), clock);
      threshold.see(running.touches().minus(touched), clock);
      return watch;
    }
  }

  @Override
  public String damage() throws IOException {
    try {
      writer.verify();
      return "";
    } catch (final AssertionError e) {
      return e.getMessage();
    } finally {
      writer.run();
    }
  }

  @Override
  public void close() throws IOException {
    writer.vm().end();
  }

  private final class WriterWatch implements Watch {
    private final double undisturbed;
    private final TouchClock clock;
    private final WorkTimeline timeline = new WorkTimeline(new WriterWork(writer.guest()));
    private final TouchTimes touches = new TouchTimes(writer.guest());
    private final MoveObserver both = MoveObserver.all(timeline, touches);

    WriterWatch(final double undisturbed, final TouchClock clock) {
      this.undisturbed = undisturbed;
      this.clock = clock;
    }

    @Override
    public void onBegin(final GuestSide source, final GuestSide destination) throws IOException {
      both.onBegin(source, destination);
    }

    @Override
    public void onComplete() throws IOException {
      both.onComplete();
    }

    @Override
    public void onEnd(final GuestSide source) throws IOException {
      both.onEnd(source);
    }

    @Override
    public Seen addTo(final Rounds rounds) throws IOException {
      final Progress progress = timeline.progress();
      if (clock == null) {
        return new Seen(progress, null); // an idle guest touches nothing
      }
      rounds.add(Figure.UNDISTURBED.label(), undisturbed);
      final double first = progress.workAfterResume(1_000_000);
      rounds.add(Figure.FIRST_SECOND.label(), first);
      rounds.add(Figure.FIRST_SECOND_PERCENT.label(), 100 * first / undisturbed);
      final Waits waits = new Waits(touches.touches(), clock, threshold.micros());
      waits.addTo(rounds);
      return new Seen(progress, waits);
    }

    @Override
    public void close() throws IOException {
      timeline.close();
      touches.close();
    }
  }
}
