namespace Camelid.ModelRuntime.Graphs;

/// <summary>Rotary position tables, [positions, headSize / 2] each.</summary>
/// <param name="Cos">Cosines.</param>
/// <param name="Sin">Sines.</param>
internal sealed record RotaryTables(float[] Cos, float[] Sin)
{
    /// <summary>
    /// Computes the tables. Library cosines differ between machines in the last bit, so a package carries its tables as
    /// weights, and this runs only where a package is made.
    /// </summary>
    internal static RotaryTables Of(int positions, int headSize, float rotaryBase)
    {
        int half = headSize / 2;
        float[] cos = new float[positions * half];
        float[] sin = new float[positions * half];
        for (int i = 0; i < cos.Length; i++)
        {
            double angle = i / half * Math.Pow(rotaryBase, -2.0 * (i % half) / headSize);
            (cos[i], sin[i]) = ((float)Math.Cos(angle), (float)Math.Sin(angle));
        }

        return new RotaryTables(cos, sin);
    }
}
