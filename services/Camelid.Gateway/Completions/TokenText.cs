using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace Camelid.Gateway.Completions;

/// <summary>A token with its log probability and rivals, for answers that show them.</summary>
internal sealed record TokenText
{
    /// <summary>The token's bytes.</summary>
    public required byte[] Bytes { get; init; }

    /// <summary>Natural logarithm of its probability.</summary>
    public required float Logprob { get; init; }

    /// <summary>The likeliest tokens at this place.</summary>
    public IReadOnlyList<TokenText> Top { get; init; } = [];

    /// <summary>Characters of the answer before this token.</summary>
    public int TextOffset { get; init; }

    /// <summary>The token as text; bytes that are no whole character appear as U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Bytes);

    /// <summary>
    /// The token as <c>/v1/completions</c> writes it: text, or <c>bytes:\xNN…</c> where it is no whole text.
    /// </summary>
    public string Label => Utf8.IsValid(Bytes)
        ? Text
        : "bytes:" + string.Concat(Bytes.Select(value => "\\x" + value.ToString("x2", CultureInfo.InvariantCulture)));
}
