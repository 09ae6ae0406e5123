namespace Camelid.Cli.Verification;

/// <summary>One thing that is wrong with a receipt.</summary>
/// <param name="Field">Path of the field, as in the JSON document.</param>
/// <param name="Position">Output position, counted from 0, where the finding is about one token; else null.</param>
/// <param name="Message">What was found and what was expected.</param>
internal readonly record struct ReceiptFinding(string Field, int? Position, string Message);

/// <summary>Collects findings by comparing what a receipt says with what follows from its signed bytes.</summary>
internal sealed class FindingList
{
    private const int TextShownMax = 80;
    private readonly List<ReceiptFinding> findings = [];

    public IReadOnlyList<ReceiptFinding> All => findings;

    /// <summary>
    /// Names the field unless both texts are equal; hexadecimal case matters, as the format fixes it.
    /// </summary>
    public void Same(string field, string? said, string? expected)
    {
        if (!string.Equals(said, expected, StringComparison.Ordinal))
        {
            Add(field, $"says '{Short(said)}', but the signed bytes say '{Short(expected)}'");
        }
    }

    /// <summary>Names the field unless both numbers are equal.</summary>
    public void Same(string field, long said, long expected)
    {
        if (said != expected)
        {
            Add(field, $"says {said}, but the signed bytes say {expected}");
        }
    }

    /// <summary>Names the first differing place of two lists.</summary>
    public void Same<T>(string field, IReadOnlyList<T> said, IReadOnlyList<T> expected)
    {
        int shared = Math.Min(said.Count, expected.Count);
        for (int index = 0; index < shared; index++)
        {
            if (!EqualityComparer<T>.Default.Equals(said[index], expected[index]))
            {
                findings.Add(new ReceiptFinding(
                    field, index, $"position {index} says {said[index]}, but the signed bytes say {expected[index]}"));
                return;
            }
        }

        if (said.Count != expected.Count)
        {
            findings.Add(new ReceiptFinding(
                field, shared,
                    $"has {said.Count} entries, but the signed bytes have {expected.Count}: position {shared}"));
        }
    }

    /// <summary>Names the field where a condition does not hold.</summary>
    public void Require(bool holds, string field, string message)
    {
        if (!holds)
        {
            Add(field, message);
        }
    }

    public void Add(string field, string message) => findings.Add(new ReceiptFinding(field, null, message));

    private static string Short(string? text) => text switch
    {
        null => "",
        { Length: > TextShownMax } => text[..TextShownMax] + "…",
        _ => text,
    };
}
