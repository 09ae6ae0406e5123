using System.Globalization;
using System.Text.Json.Nodes;

namespace Camelid.Cli.Commands;

/// <summary>
/// Shows a download on standard error: one line that moves on a terminal, else a line at every tenth. A node that did
/// wrong is a line of its own.
/// </summary>
internal sealed class PullProgressLine(Terminal terminal, TimeProvider time)
{
    private const int BarCharacters = 20, LineCharacters = 79;
    private const double Megabyte = 1e6;

    private readonly HashSet<string> named = [];
    private long? started;
    private long bytesBefore;
    private string stateShown = "";
    private int tenths;
    private bool isOnLine;

    /// <summary>Shows where the download is.</summary>
    public void Show(JsonNode? pull)
    {
        foreach (JsonNode? holder in ModelPages.Holders(pull).Where(holder => ModelPages.Flag(holder?["isDropped"])))
        {
            Name(holder);
        }

        string state = OperatorPages.Text(pull?["state"]);
        long total = OperatorPages.Number(pull?["bytesCount"]);
        long have = OperatorPages.Number(pull?["bytesHave"]);
        if (total > 0 && started is null)
        {
            (started, bytesBefore) = (time.GetTimestamp(), have);
        }

        if (terminal.IsInteractive)
        {
            Move(total > 0 ? $"[{Bar(have, total)}] {Describe(pull, have, total)}" : state);
        }
        else if (state != stateShown || (total > 0 && (int)(10 * have / total) > tenths))
        {
            tenths = total > 0 ? (int)(10 * have / total) : 0;
            terminal.Error.WriteLine(total > 0 ? $"{state}: {Describe(pull, have, total)}" : state);
        }

        stateShown = state;
    }

    /// <summary>Leaves the moving line.</summary>
    public void End()
    {
        if (isOnLine)
        {
            terminal.Error.WriteLine();
            isOnLine = false;
        }
    }

    private void Name(JsonNode? holder)
    {
        if (named.Add(OperatorPages.Text(holder?["address"])))
        {
            End();
            terminal.Error.WriteLine($"{OperatorPages.Text(holder?["address"])} is asked no more: "
                + $"{OperatorPages.Text(holder?["fault"])} (node {OperatorPages.Text(holder?["nodeId"])})");
        }
    }

    private void Move(string line)
    {
        isOnLine = true;
        terminal.Error.Write(
            "\r" + (line.Length > LineCharacters ? line[..LineCharacters] : line.PadRight(LineCharacters)));
        terminal.Error.Flush();
    }

    private static string Bar(long have, long total)
    {
        int full = (int)(BarCharacters * have / total);
        return new string('#', full) + new string('-', BarCharacters - full);
    }

    private string Describe(JsonNode? pull, long have, long total)
    {
        double seconds = started is { } at ? time.GetElapsedTime(at).TotalSeconds : 0;
        double rate = seconds > 0 ? (have - bytesBefore) / seconds : 0;
        TimeSpan left = TimeSpan.FromSeconds(
            rate > 0 ? Math.Min((total - have) / rate, TimeSpan.FromDays(1).TotalSeconds) : 0);
        int nodes = ModelPages.Holders(pull).Count(holder => ModelPages.Flag(holder?["isConnected"]));
        return string.Create(CultureInfo.InvariantCulture,
            $"{100.0 * have / total,3:F0} %  {have / Megabyte:F1} of {total / Megabyte:F1} MB  "
            + $"{rate / Megabyte,5:F1} MB/s  {left:h\\:mm\\:ss} left  {nodes} nodes");
    }
}
