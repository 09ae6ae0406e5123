namespace Camelid.Fuzz;

/// <summary>
/// Something that takes bytes from strangers. To add one: implement this, put it on the list of
/// <see cref="FuzzTargets"/>, and run its tests with <c>CORPUS_UPDATE=1</c>.
/// </summary>
internal interface IFuzzTarget
{
    /// <summary>Lower case, with hyphens: the name of its folder in the corpus and on the command line.</summary>
    string Name { get; }

    /// <summary>Its part of a run: eight, or less where an input takes milliseconds.</summary>
    int Share => 8;

    /// <summary>What an input may allocate.</summary>
    FuzzAllowance Allowance { get; }

    /// <summary>
    /// The decoders of the protocol that it runs, as <c>TYPE.METHOD</c>: a test finds those that no target runs.
    /// </summary>
    IReadOnlyList<string> Covers { get; }

    /// <summary>Inputs that are taken, from which the corpus is written; small.</summary>
    IEnumerable<byte[]> Samples();

    /// <summary>
    /// Takes an input; true where it was accepted. Throws whatever its code throws, and <see cref="FuzzFault"/> where a
    /// property does not hold, as by <see cref="FuzzFault.Require"/>. Keeps nothing from one input to the next.
    /// </summary>
    bool Run(ReadOnlySpan<byte> input);
}

/// <summary>The most that an input may allocate on its thread: a constant and a multiple of its length.</summary>
/// <param name="Bytes">For any input.</param>
/// <param name="PerInputByte">For each byte of the input.</param>
internal readonly record struct FuzzAllowance(long Bytes, long PerInputByte)
{
    /// <summary>Enough for a decoder, its encoder and its decoder again.</summary>
    public static FuzzAllowance Decoder => new(512 << 10, 128);

    /// <summary>The bound for an input of a length.</summary>
    public long For(int length) => Bytes + (PerInputByte * length);
}

/// <summary>A property of a target does not hold.</summary>
internal sealed class FuzzFault(string message) : Exception(message)
{
    /// <summary>Throws unless <paramref name="holds"/>.</summary>
    public static void Require(bool holds, string property)
    {
        if (!holds)
        {
            throw new FuzzFault(property);
        }
    }
}
