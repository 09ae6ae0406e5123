namespace Camelid.Protocol.Jobs;

/// <summary>
/// Rule J-12: what a worker computed. The end token that the model chose is part of it, so truncation shows.
/// </summary>
public sealed record JobOutput
{
    /// <summary>Bytes before the tokens: finish reason and count.</summary>
    internal const int HeadBytes = 5;

    /// <summary>Most canonical bytes.</summary>
    public const int BytesMax = HeadBytes + (8 * JobParameters.TokensMax);

    /// <summary>The output token ids (B). Empty only where the client cancelled at once. Never written to.</summary>
    public required uint[] Tokens { get; init; }

    /// <summary>The first four bytes of SHA-256 over each position's logits, little-endian (B).</summary>
    public required uint[] Fingerprints { get; init; }

    /// <summary>Why it ends.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>The canonical bytes: finish reason, count, tokens, fingerprints.</summary>
    /// <exception cref="ArgumentException">The output is out of form.</exception>
    public byte[] Encode()
    {
        if (!IsInForm)
        {
            throw new ArgumentException(
                $"out of form: {Tokens.Length} tokens, {Fingerprints.Length} fingerprints, ended by {FinishReason}");
        }

        CanonicalWriter writer = new();
        writer.Byte((byte)FinishReason).UInt32((uint)Tokens.Length);
        foreach (uint token in Tokens)
        {
            writer.UInt32(token);
        }

        foreach (uint fingerprint in Fingerprints)
        {
            writer.UInt32(fingerprint);
        }

        return writer.ToArray();
    }

    /// <summary>Reads canonical bytes; refuses all that <see cref="Encode"/> would not write.</summary>
    public static bool TryDecode(ReadOnlySpan<byte> bytes, out JobOutput? output)
    {
        output = null;
        CanonicalReader reader = new(bytes);
        FinishReason reason = (FinishReason)reader.Byte();
        int count = reader.Count(JobParameters.TokensMax);
        if (reader.Failed || bytes.Length != BytesOf(count))
        {
            return false;
        }

        uint[] tokens = ReadWords(ref reader, count);
        JobOutput read = new() { Tokens = tokens, Fingerprints = ReadWords(ref reader, count), FinishReason = reason };
        output = reader.AtEnd && read.IsInForm ? read : null;
        return output is not null;
    }

    /// <summary>Equal tokens, fingerprints and finish reason.</summary>
    public bool Equals(JobOutput? other) => other is not null && FinishReason == other.FinishReason
        && Tokens.AsSpan().SequenceEqual(other.Tokens) && Fingerprints.AsSpan().SequenceEqual(other.Fingerprints);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(FinishReason, Tokens.Length, Tokens.FirstOrDefault());

    /// <summary>Canonical bytes of an output of that many tokens.</summary>
    internal static int BytesOf(int tokens) => HeadBytes + (8 * tokens);

    private bool IsInForm => FinishReason is FinishReason.Stop or FinishReason.Length or FinishReason.Cancelled
        && Tokens.Length == Fingerprints.Length && Tokens.Length <= JobParameters.TokensMax
        && (Tokens.Length > 0 || FinishReason == FinishReason.Cancelled);

    private static uint[] ReadWords(ref CanonicalReader reader, int count)
    {
        uint[] words = new uint[count];
        for (int i = 0; i < count; i++)
        {
            words[i] = reader.UInt32();
        }

        return words;
    }
}
