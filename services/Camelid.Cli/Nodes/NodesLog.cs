using System.Diagnostics;
using System.Globalization;

namespace Camelid.Cli.Nodes;

/// <summary>
/// What several nodes say, line by line under their letters, on standard error; coloured on a terminal.
/// </summary>
internal sealed class NodesLog(Terminal terminal)
{
    /// <summary>Colours that tell nodes apart on light and on dark ground; the letter says it without them.</summary>
    private static readonly int[] Colours = [36, 33, 35, 32, 34, 31];

    private readonly Lock gate = new();
    private readonly long started = Stopwatch.GetTimestamp();

    /// <summary>False: only what this process says itself.</summary>
    public bool ShowsNodes { get; init; } = true;

    /// <summary>A line of a node.</summary>
    public void OfNode(NodeSeat seat, string line)
    {
        if (!ShowsNodes || string.IsNullOrWhiteSpace(line))
        {
            return;
        }

        string head = terminal.IsInteractive
            ? string.Create(CultureInfo.InvariantCulture,
                $"\e[{Colours[(seat.Name[0] - 'a') % Colours.Length]}m{seat.Name} |\e[0m")
            : $"{seat.Name} |";
        Write($"{head} {line}");
    }

    /// <summary>A line of our own, with the seconds since the start.</summary>
    public void Line(string text) => Write(string.Create(
        CultureInfo.InvariantCulture, $"camelid: {Stopwatch.GetElapsedTime(started).TotalSeconds,5:F1} s  {text}"));

    private void Write(string line)
    {
        lock (gate)
        {
            terminal.Error.WriteLine(line);
        }
    }
}
