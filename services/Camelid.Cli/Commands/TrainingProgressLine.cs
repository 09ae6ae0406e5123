using System.Globalization;
using System.Text.Json.Nodes;
using Camelid.ModelRuntime.Training;

namespace Camelid.Cli.Commands;

/// <summary>
/// Shows on standard error where a training stands: one moving line on a terminal, a line now and then elsewhere, a
/// JSON line for every report with <c>--json</c>.
/// </summary>
internal sealed class TrainingProgressLine(Terminal terminal, bool json, TimeProvider clock)
    : IProgress<TrainingProgress>
{
    private const int BarCells = 24;
    private const double QuietSeconds = 5;
    private readonly long started = clock.GetTimestamp();
    private TimeSpan shown = TimeSpan.FromSeconds(-QuietSeconds);
    private bool hasMoving;

    /// <summary>The last report.</summary>
    public TrainingProgress Last { get; private set; }

    public void Report(TrainingProgress value)
    {
        Last = value;
        TimeSpan elapsed = clock.GetElapsedTime(started);
        if (json)
        {
            terminal.Error.WriteLine(new JsonObject
            {
                ["step"] = value.Step, ["steps"] = value.Steps, ["loss"] = value.Loss,
                ["tokensPerSecond"] = Math.Round(value.TokensPerSecond), ["seconds"] = Math.Round(elapsed.TotalSeconds),
            }.ToJsonString());
            return;
        }

        int cells = (int)((long)BarCells * value.Step / value.Steps);
        string bar = new string('#', cells).PadRight(BarCells, '.');
        string text = string.Create(
            CultureInfo.InvariantCulture,
            $"[{bar}] {value.Step}/{value.Steps}  loss {value.Loss:F4}  {value.TokensPerSecond:F0} tokens/s  "
            + $"{Left(value, elapsed)} left");
        if (terminal.IsInteractive)
        {
            terminal.Error.Write("\r" + text + "   ");
            hasMoving = true;
        }
        else if ((elapsed - shown).TotalSeconds >= QuietSeconds || value.Step == value.Steps)
        {
            shown = elapsed;
            terminal.Error.WriteLine(text);
        }
    }

    /// <summary>Leaves the moving line.</summary>
    public void End()
    {
        if (hasMoving)
        {
            terminal.Error.WriteLine();
        }
    }

    private static string Left(TrainingProgress value, TimeSpan elapsed)
    {
        TimeSpan left = elapsed * ((double)(value.Steps - value.Step) / value.Step);
        return left.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{left.TotalHours:F1} h")
            : string.Create(CultureInfo.InvariantCulture, $"{left.TotalMinutes:F0} min");
    }
}
