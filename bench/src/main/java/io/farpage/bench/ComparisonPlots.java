package io.farpage.bench;

import java.awt.BasicStroke;
import java.awt.Color;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.knowm.xchart.BitmapEncoder;
import org.knowm.xchart.BitmapEncoder.BitmapFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.XYSeries;
import org.knowm.xchart.style.Styler.LegendPosition;
import org.knowm.xchart.style.markers.SeriesMarkers;

/** Plots of a comparison as PNG images, drawn without a display. */
final class ComparisonPlots {
  private static final int WIDTH = 1100;
  private static final int HEIGHT = 460;
  private static final float LINE = 1.6f;
  private static final long INTERVAL_MICROS = 20_000;
  private static final long FROM_MICROS = -600_000;
  private static final long TO_MICROS = 2_500_000;

  /** One colour for each mode: QEMU's warm, Farpage's cold. */
  private static final Color[] COLOURS = {
    new Color(0xc44e52),
    new Color(0xdd8452),
    new Color(0xb8860b),
    new Color(0x8c613c),
    new Color(0x1f4e9e),
    new Color(0x3a9ad9),
    new Color(0x2e8b57),
    new Color(0x7f6cb1)
  };

  static {
    System.setProperty("java.awt.headless", "true");
  }

  private final Comparison comparison;

  ComparisonPlots(final Comparison comparison) {
    this.comparison = comparison;
  }

  /**
   * Draws the guest's work over time, the median over the rounds of each mode.
   *
   * @return nothing when there is none
   */
  byte[] workOverTime(final String work) throws IOException {
    final XYChart chart = chart("milliseconds since the guest resumed", work + " a second");
    for (final CompareMode mode : comparison.modes()) {
      final List<Double> x = new ArrayList<>();
      final List<Double> y = new ArrayList<>();
      for (long from = FROM_MICROS; from < TO_MICROS; from += INTERVAL_MICROS) {
        final long begin = from;
        final List<Double> rates =
            comparison.seen(mode).stream()
                .map(seen -> seen.progress().perSecond(begin, begin + INTERVAL_MICROS))
                .filter(rate -> !rate.isNaN())
                .toList();
        if (!rates.isEmpty()) {
          x.add((begin + INTERVAL_MICROS / 2) / 1e3);
          y.add(Median.of(rates));
        }
      }
      add(chart, mode, x, y);
    }
    return chart.getSeriesMap().isEmpty() ? new byte[0] : png(chart);
  }

  /**
   * Draws how large a part of the waits took longer, in all rounds of each mode together.
   *
   * @return nothing when no mode has waits
   */
  byte[] waits(final double thresholdMicros) throws IOException {
    final XYChart chart = chart("microseconds", "% of the waits that took longer");
    chart.getStyler().setXAxisLogarithmic(true).setYAxisLogarithmic(true);
    for (final CompareMode mode : comparison.modes()) {
      final List<Waits.Bar> bars =
          comparison.touches(mode).stream().filter(bar -> bar.micros() >= thresholdMicros).toList();
      final double total = bars.stream().mapToLong(Waits.Bar::count).sum();
      final List<Double> x = new ArrayList<>();
      final List<Double> y = new ArrayList<>();
      double longer = total;
      for (final Waits.Bar bar : bars) {
        x.add(bar.micros());
        y.add(100 * longer / total);
        longer -= bar.count();
      }
      add(chart, mode, x, y);
    }
    return chart.getSeriesMap().isEmpty() ? new byte[0] : png(chart);
  }

  private static XYChart chart(final String x, final String y) {
    final XYChart chart =
        new XYChartBuilder().width(WIDTH).height(HEIGHT).xAxisTitle(x).yAxisTitle(y).build();
    chart.getStyler().setLegendPosition(LegendPosition.OutsideE);
    chart.getStyler().setChartBackgroundColor(Color.WHITE);
    chart.getStyler().setPlotBorderVisible(false);
    chart.getStyler().setPlotGridLinesColor(new Color(0xdddddd));
    return chart;
  }

  private static void add(
      final XYChart chart, final CompareMode mode, final List<Double> x, final List<Double> y) {
    if (x.isEmpty()) {
      return;
    }
    final XYSeries series = chart.addSeries(mode.label(), x, y);
    series.setMarker(SeriesMarkers.NONE);
    series.setLineColor(COLOURS[mode.ordinal()]);
    series.setLineStyle(new BasicStroke(LINE));
  }

  private static byte[] png(final XYChart chart) throws IOException {
    return BitmapEncoder.getBitmapBytes(chart, BitmapFormat.PNG);
  }
}
