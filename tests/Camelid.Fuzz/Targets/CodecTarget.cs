namespace Camelid.Fuzz.Targets;

/// <summary>Reads a value from bytes; null where they are refused.</summary>
internal delegate T? FuzzDecode<T>(ReadOnlySpan<byte> input)
    where T : class;

/// <summary>
/// A decoder and its encoder: what is read is written again byte for byte, and read again it is equal; so the decoder
/// refuses all that the encoder would not write.
/// </summary>
internal sealed class CodecTarget<T>(string name, FuzzDecode<T> decode, Func<T, byte[]> encode) : IFuzzTarget
    where T : class
{
    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public FuzzAllowance Allowance { get; init; } = FuzzAllowance.Decoder;

    /// <inheritdoc/>
    public IReadOnlyList<string> Covers { get; init; } = [$"{typeof(T).Name}.TryDecode"];

    /// <summary>Values from which the corpus is written.</summary>
    public required Func<IEnumerable<T>> Values { get; init; }

    /// <summary>Whether two values are equal; by default as they say themselves.</summary>
    public Func<T, T, bool> AreEqual { get; init; } = (left, right) => left.Equals(right);

    /// <summary>What else is done with a value: rules that judge it. May not throw.</summary>
    public Action<T> Use { get; init; } = _ => { };

    /// <inheritdoc/>
    public IEnumerable<byte[]> Samples() => Values().Select(encode);

    /// <inheritdoc/>
    public bool Run(ReadOnlySpan<byte> input)
    {
        if (decode(input) is not { } value)
        {
            return false;
        }

        byte[] written = encode(value);
        FuzzFault.Require(input.SequenceEqual(written), "what is read is not written again");
        T? again = decode(written);
        FuzzFault.Require(again is not null && AreEqual(value, again), "read again it is not equal");
        Use(value);
        return true;
    }
}
