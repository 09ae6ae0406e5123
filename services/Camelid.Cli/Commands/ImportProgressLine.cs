using System.Globalization;
using Camelid.ModelRuntime.Importing;

namespace Camelid.Cli.Commands;

/// <summary>
/// Shows an import on standard error: one line that moves on a terminal, else a line at every tenth. Notes are lines
/// of their own.
/// </summary>
internal sealed class ImportProgressLine(Terminal terminal, TimeProvider time) : IProgress<ModelImportProgress>
{
    private const int BarCharacters = 20, LineCharacters = 79;
    private const double MegaBytes = 1e6;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(100);

    private readonly Lock gate = new();
    private readonly List<string> notes = [];
    private readonly long started = time.GetTimestamp();
    private long? shown;
    private long bytesBefore;
    private int tenths;
    private bool isOnLine;

    /// <summary>What was said aloud.</summary>
    public IReadOnlyList<string> Notes => notes;

    /// <inheritdoc/>
    public void Report(ModelImportProgress value)
    {
        lock (gate)
        {
            if (value.Note is { } note)
            {
                notes.Add(note);
                terminal.Error.WriteLine($"note: {note}");
                return;
            }

            bytesBefore = value.IsTakenOver ? value.BytesWritten : bytesBefore;
            if (terminal.IsInteractive)
            {
                Move(value);
            }
            else if (value.BytesTotal > 0 && (int)(10 * value.BytesWritten / value.BytesTotal) is int now
                && now > tenths)
            {
                tenths = now;
                terminal.Error.WriteLine(Describe(value));
            }
        }
    }

    /// <summary>Leaves the moving line.</summary>
    public void End()
    {
        lock (gate)
        {
            if (isOnLine)
            {
                terminal.Error.WriteLine();
                isOnLine = false;
            }
        }
    }

    private void Move(ModelImportProgress value)
    {
        bool isLast = value.BytesWritten == value.BytesTotal;
        if (shown is { } last && time.GetElapsedTime(last) < Pause && !isLast)
        {
            return;
        }

        shown = time.GetTimestamp();
        isOnLine = true;
        int full = (int)(BarCharacters * Part(value));
        string bar = new string('#', full) + new string('-', BarCharacters - full);
        string line = $"[{bar}] {Describe(value)}";
        terminal.Error.Write("\r" + (line.Length > LineCharacters ? line[..LineCharacters] : line.PadRight(
            LineCharacters)));
        terminal.Error.Flush();
    }

    private string Describe(ModelImportProgress value)
    {
        double seconds = time.GetElapsedTime(started).TotalSeconds;
        double rate = seconds > 0 ? (value.BytesWritten - bytesBefore) / seconds : 0;
        TimeSpan left = TimeSpan.FromSeconds(rate > 0
            ? Math.Min((value.BytesTotal - value.BytesWritten) / rate, TimeSpan.FromDays(1).TotalSeconds) : 0);
        return string.Create(CultureInfo.InvariantCulture,
            $"{100 * Part(value),3:F0} %  {rate / MegaBytes,6:F1} MB/s  {left:h\\:mm\\:ss} left  {value.TensorName}");
    }

    private static double Part(ModelImportProgress value) =>
        value.BytesTotal > 0 ? (double)value.BytesWritten / value.BytesTotal : 0;
}
