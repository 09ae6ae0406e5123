namespace Camelid.Protocol.Scripts;

/// <summary>The bytes of a script, compared by value. <c>default</c> is the empty script.</summary>
public readonly struct Script : IEquatable<Script>
{
    /// <summary>The longest script, in bytes.</summary>
    public const int BytesMax = 10_000;

    private readonly byte[]? bytes;

    /// <summary>Takes a copy of the bytes.</summary>
    public Script(ReadOnlySpan<byte> bytes) => this.bytes = bytes.ToArray();

    private Script(byte[] bytes) => this.bytes = bytes;

    /// <summary>The script without a byte.</summary>
    public static Script Empty => default;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Span => bytes ?? [];

    /// <summary>The bytes, for elements that are a part of the script.</summary>
    internal ReadOnlyMemory<byte> Memory => bytes;

    /// <summary>The number of bytes.</summary>
    public int Length => Span.Length;

    /// <summary>True for the script without a byte.</summary>
    public bool IsEmpty => Length == 0;

    /// <summary>Reads lower-case hexadecimal digits.</summary>
    public static bool TryParse(string? hex, out Script script)
    {
        bool good = hex is not null && hex.Length % 2 == 0 && hex.Length <= BytesMax * 2
            && !hex.AsSpan().ContainsAnyExcept("0123456789abcdef");
        script = good ? new Script(Convert.FromHexString(hex!)) : default;
        return good;
    }

    /// <summary>Takes the array itself, which nobody may change any more.</summary>
    internal static Script Own(byte[] bytes) => new(bytes);

    /// <summary>
    /// Rule C-06: signature operations in these bytes, run or not; what follows a broken push counts nothing. One with
    /// many keys counts as 20.
    /// </summary>
    public int SignatureOperationCount() => CountSignatures(false);

    /// <summary>
    /// Rule C-20: as <see cref="SignatureOperationCount"/>, but an operation with many keys counts as many as the small
    /// number before it says.
    /// </summary>
    public int SignatureOperationCountExact() => CountSignatures(true);

    /// <summary>Hexadecimal digits.</summary>
    public override string ToString() => Convert.ToHexStringLower(Span);

    /// <summary>Equal bytes.</summary>
    public bool Equals(Script other) => Span.SequenceEqual(other.Span);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => obj is Script other && Equals(other);

    /// <inheritdoc/>
    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    /// <summary>Equal bytes.</summary>
    public static bool operator ==(Script left, Script right) => left.Equals(right);

    /// <summary>Different bytes.</summary>
    public static bool operator !=(Script left, Script right) => !left.Equals(right);

    private int CountSignatures(bool exact)
    {
        int count = 0;
        Opcode before = Opcode.Zero;
        ScriptReader reader = new(Span);
        while (reader.TryRead(out ScriptStep step))
        {
            count += step.Opcode switch
            {
                Opcode.CheckSig or Opcode.CheckSigVerify => 1,
                Opcode.CheckMultiSig or Opcode.CheckMultiSigVerify =>
                    exact && before is >= Opcode.One and <= Opcode.Sixteen
                        ? before - Opcode.One + 1
                        : SignatureChecker.KeysMax,
                _ => 0,
            };
            before = step.Opcode;
        }

        return count;
    }
}
