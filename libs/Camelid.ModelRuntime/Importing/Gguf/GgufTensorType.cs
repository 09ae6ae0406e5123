namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>How a GGUF file stores the numbers of a tensor. The values are the file format's own.</summary>
internal enum GgufTensorType : uint
{
    /// <summary>IEEE-754 binary32.</summary>
    F32 = 0,

    /// <summary>IEEE-754 binary16.</summary>
    F16 = 1,

    /// <summary>Blocks of 32: scale, 16 bytes of nibbles (elements 0–15 low, 16–31 high), value (q − 8)·d.</summary>
    Q4_0 = 2,

    /// <summary>As Q4_0, with a minimum: q·d + m.</summary>
    Q4_1 = 3,

    /// <summary>As Q4_0, with a fifth bit: (q − 16)·d.</summary>
    Q5_0 = 6,

    /// <summary>As Q4_1, with a fifth bit: q·d + m.</summary>
    Q5_1 = 7,

    /// <summary>Blocks of 32 signed bytes: q·d.</summary>
    Q8_0 = 8,

    /// <summary>Super-blocks of 256 in eight groups of 32 with 6-bit scales and minima, four bits each.</summary>
    Q4_K = 12,

    /// <summary>As Q4_K, five bits each.</summary>
    Q5_K = 13,

    /// <summary>Super-blocks of 256 in sixteen groups of 16 with 8-bit scales, six bits each.</summary>
    Q6_K = 14,

    /// <summary>The upper half of binary32.</summary>
    BF16 = 30,
}

/// <summary>The size of one block of a tensor type.</summary>
/// <param name="Elements">Numbers in a block; a row is a whole number of blocks.</param>
/// <param name="Bytes">Bytes of a block.</param>
internal readonly record struct GgufBlock(int Elements, int Bytes)
{
    /// <summary>Supported types, for messages.</summary>
    internal const string Supported = "F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q5_0, Q5_1, Q4_K, Q5_K and Q6_K";

    /// <summary>The block of a type, or null where the type is not supported.</summary>
    internal static GgufBlock? Of(GgufTensorType type) => type switch
    {
        GgufTensorType.F32 => new GgufBlock(1, 4),
        GgufTensorType.F16 or GgufTensorType.BF16 => new GgufBlock(1, 2),
        GgufTensorType.Q4_0 => new GgufBlock(32, 18),
        GgufTensorType.Q4_1 => new GgufBlock(32, 20),
        GgufTensorType.Q5_0 => new GgufBlock(32, 22),
        GgufTensorType.Q5_1 => new GgufBlock(32, 24),
        GgufTensorType.Q8_0 => new GgufBlock(32, 34),
        GgufTensorType.Q4_K => new GgufBlock(256, 144),
        GgufTensorType.Q5_K => new GgufBlock(256, 176),
        GgufTensorType.Q6_K => new GgufBlock(256, 210),
        _ => null,
    };

    /// <summary>The name of a type, also of one that is not supported.</summary>
    internal static string NameOf(uint type) => type switch
    {
        9 => "Q8_1",
        10 => "Q2_K",
        11 => "Q3_K",
        15 => "Q8_K",
        16 => "IQ2_XXS",
        17 => "IQ2_XS",
        18 => "IQ3_XXS",
        19 => "IQ1_S",
        20 => "IQ4_NL",
        21 => "IQ3_S",
        22 => "IQ2_S",
        23 => "IQ4_XS",
        29 => "IQ1_M",
        34 => "TQ1_0",
        35 => "TQ2_0",
        39 => "MXFP4",
        _ => Enum.IsDefined((GgufTensorType)type) ? ((GgufTensorType)type).ToString() : $"type {type}",
    };
}
