using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace Camelid.ModelRuntime.Training;

/// <summary>A point of a loss curve.</summary>
/// <param name="Step">Steps taken.</param>
/// <param name="Loss">Mean loss of the steps since the point before, in nats per token.</param>
public readonly record struct LossPoint(int Step, double Loss);

/// <summary>
/// Loss over steps, and its drawing as SVG with numbered axes, in colours that are read on light and on dark ground.
/// </summary>
public static class LossCurve
{
    private const int Width = 720, Height = 360, Left = 60, Right = 20, Top = 36, Bottom = 48;
    private const double LossFloor = 0.05;

    /// <summary>Reads the curve of a package's <c>training.json</c>.</summary>
    /// <exception cref="FormatException">The text holds no curve.</exception>
    public static IReadOnlyList<LossPoint> Read(string trainingRecord)
    {
        JsonArray points = JsonNode.Parse(trainingRecord)?["loss"] as JsonArray
            ?? throw new FormatException("the training record has no loss curve");
        return [.. points.Select(point => new LossPoint(point![0]!.GetValue<int>(), point[1]!.GetValue<double>()))];
    }

    /// <summary>
    /// Draws the curve; the loss on a logarithmic axis, since most of the learning is in its last tenths.
    /// </summary>
    /// <param name="points">At least two points.</param>
    /// <param name="title">What stands above the drawing.</param>
    public static string ToSvg(IReadOnlyList<LossPoint> points, string title)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(points.Count, 2);
        double high = Math.Log(points.Max(point => Math.Max(point.Loss, LossFloor)));
        double low = Math.Log(points.Min(point => Math.Max(point.Loss, LossFloor)) * 0.9);
        double x(double step) => Left + step / points[^1].Step * (Width - Left - Right);
        double y(double loss) =>
            Top + (high - Math.Log(Math.Max(loss, LossFloor))) / (high - low) * (Height - Top - Bottom);
        StringBuilder svg = new();
        void line(FormattableString text) => svg.AppendLine(text.ToString(CultureInfo.InvariantCulture));
        line($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {Height}\" role=\"img\">");
        line($"<title>{title}</title>");
        line($"<style>text{{font:13px sans-serif;fill:#808080}}path{{fill:none}}.g{{stroke:#80808040}}</style>");
        line($"<text x=\"{Left}\" y=\"20\">{title}</text>");
        foreach (double loss in LossMarks(Math.Exp(low), Math.Exp(high)))
        {
            line($"<path class=\"g\" d=\"M{Left} {y(loss):F1}H{Width - Right}\"/>");
            line($"<text x=\"{Left - 8}\" y=\"{y(loss) + 4:F1}\" text-anchor=\"end\">{loss:0.##}</text>");
        }

        foreach (int step in StepMarks(points[^1].Step))
        {
            line($"<path class=\"g\" d=\"M{x(step):F1} {Top}V{Height - Bottom}\"/>");
            line($"<text x=\"{x(step):F1}\" y=\"{Height - Bottom + 18}\" text-anchor=\"middle\">{step:N0}</text>");
        }

        line($"<path stroke=\"#808080\" d=\"M{Left} {Top}V{Height - Bottom}H{Width - Right}\"/>");
        line($"<text x=\"{Width - Right}\" y=\"{Height - 10}\" text-anchor=\"end\">optimiser steps</text>");
        string path = string.Join('L', points.Select(point =>
            string.Create(CultureInfo.InvariantCulture, $"{x(point.Step):F1} {y(point.Loss):F1}")));
        line($"<path stroke=\"#c8781e\" stroke-width=\"2\" d=\"M{path}\"/>");
        line($"</svg>");
        return svg.ToString();
    }

    /// <summary>The curve of a chain: as many points as there were reports.</summary>
    internal static IReadOnlyList<LossPoint> Of(IReadOnlyList<TrainingStep> chain) =>
        [.. chain.Skip(1).Chunk(TrainingRun.ReportSteps(chain.Count - 1)).Select(part =>
            new LossPoint(part[^1].Step, Math.Round(part.Average(step => step.LossValue), 4)))];

    /// <summary>The curve as pairs of step and loss.</summary>
    internal static JsonArray ToJson(IEnumerable<LossPoint> points) =>
        [.. points.Select(point => (JsonNode)new JsonArray(point.Step, point.Loss))];

    private static IEnumerable<double> LossMarks(double low, double high) =>
        new[] { 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1, 1.5, 2, 3, 4, 6, 8, 12 }
            .Where(mark => mark >= low && mark <= high);

    private static IEnumerable<int> StepMarks(int steps)
    {
        double raw = Math.Max(1, steps / 6.0);
        double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        int stride = (int)Math.Max(1, new[] { 1, 2, 5, 10 }.First(factor => factor * power >= raw) * power);
        return Enumerable.Range(0, steps / stride + 1).Select(index => index * stride);
    }
}
