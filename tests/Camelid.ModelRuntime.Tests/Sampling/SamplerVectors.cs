using System.Globalization;
using System.Text.Json;

namespace Camelid.ModelRuntime.Tests.Sampling;

/// <summary>sampler-vectors.json, made by sampler_reference.py.</summary>
internal static class SamplerVectors
{
    internal static JsonDocument Open() => JsonDocument.Parse(
        File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Sampling", "sampler-vectors.json")));

    /// <summary>Argument and result of a function, to the bit.</summary>
    internal static (double Argument, double Result)[] Function(string name)
    {
        using JsonDocument document = Open();
        return [.. document.RootElement.GetProperty(name).EnumerateArray()
            .Select(pair => (Number(pair[0]), Number(pair[1])))];
    }

    private static double Number(JsonElement bits) =>
        BitConverter.UInt64BitsToDouble(ulong.Parse(bits.GetString()!, NumberStyles.HexNumber));
}
