namespace Camelid.ModelRuntime.Importing.Gguf;

/// <summary>The type of a metadata value. The values are the file format's own.</summary>
internal enum GgufValueType : uint
{
    /// <summary>8 bits, unsigned.</summary>
    UInt8 = 0,

    /// <summary>8 bits, signed.</summary>
    Int8 = 1,

    /// <summary>16 bits, unsigned.</summary>
    UInt16 = 2,

    /// <summary>16 bits, signed.</summary>
    Int16 = 3,

    /// <summary>32 bits, unsigned.</summary>
    UInt32 = 4,

    /// <summary>32 bits, signed.</summary>
    Int32 = 5,

    /// <summary>IEEE-754 binary32.</summary>
    Float32 = 6,

    /// <summary>One byte, 0 or 1.</summary>
    Bool = 7,

    /// <summary>A 64-bit length and UTF-8.</summary>
    String = 8,

    /// <summary>An element type, a 64-bit count and the elements.</summary>
    Array = 9,

    /// <summary>64 bits, unsigned.</summary>
    UInt64 = 10,

    /// <summary>64 bits, signed.</summary>
    Int64 = 11,

    /// <summary>IEEE-754 binary64.</summary>
    Float64 = 12,
}

/// <summary>A metadata value.</summary>
/// <param name="Type">Its type in the file; of an array, <see cref="GgufValueType.Array"/>.</param>
/// <param name="Content">
/// <see cref="Int128"/> for whole numbers, <see cref="double"/> for the others, <see cref="bool"/>,
/// <see cref="string"/>; for arrays <c>long[]</c> (bits of 64-bit unsigned numbers), <c>double[]</c>, <c>bool[]</c>,
/// <c>string[]</c> or <c>GgufValue[]</c>.
/// </param>
internal sealed record GgufValue(GgufValueType Type, object Content)
{
    /// <summary>Bytes of a value of this type in the file, at least.</summary>
    internal static int BytesMin(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        GgufValueType.Array => 12,
        _ => 8,
    };
}
