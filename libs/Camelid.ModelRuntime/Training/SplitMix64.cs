namespace Camelid.ModelRuntime.Training;

/// <summary>The SplitMix64 generator: one seed, one sequence, on every machine and in every version of .NET.</summary>
/// <param name="seed">Where the sequence starts.</param>
public sealed class SplitMix64(ulong seed)
{
    private ulong state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        unchecked
        {
            state += 0x9E3779B97F4A7C15;
            ulong bits = state;
            bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9;
            bits = (bits ^ (bits >> 27)) * 0x94D049BB133111EB;
            return bits ^ (bits >> 31);
        }
    }

    /// <summary>
    /// A whole number from 0 to <paramref name="limit"/> − 1; the bias of 2⁻³² is of no matter to training text.
    /// </summary>
    public int Below(int limit) => (int)(((Next() >> 32) * (ulong)limit) >> 32);

    /// <summary>True in <paramref name="percent"/> of a hundred cases.</summary>
    public bool Chance(int percent) => Below(100) < percent;

    /// <summary>
    /// About normally distributed, mean 0 and deviation 1: twelve uniforms, so that no library function is needed.
    /// </summary>
    public float Normal()
    {
        double sum = 0;
        for (int i = 0; i < 12; i++)
        {
            sum += (Next() >> 11) * (1.0 / (1UL << 53));
        }

        return (float)(sum - 6);
    }
}
