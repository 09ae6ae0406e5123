namespace Camelid.ModelRuntime.Packages;

/// <summary>
/// Number formats of weights, as a manifest names them. Another precision of a model is another model.
/// </summary>
public static class Precision
{
    /// <summary>float32: weights and arithmetic.</summary>
    public const string Single = "fp32";

    /// <summary>float16: weights and arithmetic; for GPUs.</summary>
    public const string Half = "fp16";

    /// <summary>Matrices of 8 bits in blocks of 32 with one float32 scale each; the rest float32.</summary>
    public const string Int8 = "int8";

    /// <summary>Matrices of 4 bits in blocks of 32 with one float32 scale each; the rest float32.</summary>
    public const string Int4 = "int4";

    /// <summary>Numbers under one scale.</summary>
    public const int BlockSize = 32;

    /// <summary>Every precision.</summary>
    public static readonly IReadOnlyList<string> All = [Single, Half, Int8, Int4];

    /// <summary>True for the precisions that this version runs.</summary>
    public static bool IsKnown(string precision) => All.Contains(precision);

    /// <summary>True where matrices are kept in blocks under scales.</summary>
    public static bool IsQuantised(string precision) => precision is Int8 or Int4;

    /// <summary>Bytes of one block of <see cref="BlockSize"/> numbers.</summary>
    public static int BlockBytes(string precision) => precision == Int8 ? BlockSize : BlockSize / 2;
}
