namespace Camelid.ModelRuntime.Engine;

/// <summary>
/// Watches text for stop strings. Text that may still become one is held back, so that no part of a stop string is
/// ever shown.
/// </summary>
internal sealed class StopStringScanner(IReadOnlyList<string> stopStrings)
{
    private string held = "";

    /// <summary>The stop string that was met, or null.</summary>
    internal string? Met { get; private set; }

    /// <summary>
    /// Takes more text and returns what may be shown. Nothing more is shown once a stop string was met.
    /// </summary>
    internal string Push(string text)
    {
        if (Met is not null)
        {
            return "";
        }

        string all = held + text;
        int start = -1;
        foreach (string stop in stopStrings)
        {
            int index = all.IndexOf(stop, StringComparison.Ordinal);
            if (index >= 0 && (start < 0 || index < start))
            {
                (start, Met) = (index, stop);
            }
        }

        int shown = start >= 0 ? start : all.Length - HoldBack(all);
        held = all[shown..];
        return all[..shown];
    }

    /// <summary>What was held back and did not become a stop string.</summary>
    internal string Flush()
    {
        string rest = Met is null ? held : "";
        held = "";
        return rest;
    }

    /// <summary>Length of the longest end of the text that begins a stop string.</summary>
    private int HoldBack(string text)
    {
        int longest = 0;
        foreach (string stop in stopStrings)
        {
            int length = Math.Min(stop.Length - 1, text.Length);
            while (length > longest && !text.EndsWith(stop[..length], StringComparison.Ordinal))
            {
                length--;
            }

            longest = Math.Max(longest, length);
        }

        return longest;
    }
}
