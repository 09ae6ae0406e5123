using System.Text;

namespace Camelid.Fuzz.Targets;

/// <summary>Reads a value from a text and writes it again; null where it is refused.</summary>
internal delegate string? FuzzReadText(string text);

/// <summary>A parser of texts: what is read is written again, and that is read as itself.</summary>
internal sealed class TextTarget(string name, FuzzReadText rewrite) : IFuzzTarget
{
    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public int Share { get; init; } = 8;

    /// <inheritdoc/>
    public FuzzAllowance Allowance { get; init; } = new(512 << 10, 4_096);

    /// <inheritdoc/>
    public required IReadOnlyList<string> Covers { get; init; }

    /// <summary>Texts from which the corpus is written.</summary>
    public required Func<IEnumerable<string>> Texts { get; init; }

    /// <summary>False where a value has several texts, as an IPv6 address has.</summary>
    public bool HasOneForm { get; init; } = true;

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples() => Texts().Select(Encoding.UTF8.GetBytes);

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        string text = Encoding.UTF8.GetString(input);
        if (rewrite(text) is not { } written)
        {
            return false;
        }

        FuzzFault.Require(!HasOneForm || written == text, "what is read is not written again");
        FuzzFault.Require(rewrite(written) == written, "what is written is not read as itself");
        return true;
    }
}
