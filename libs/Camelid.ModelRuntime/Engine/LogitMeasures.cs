using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Camelid.ModelRuntime.Engine;

/// <summary>What is said about the logits of a position beside the choice.</summary>
internal static class LogitMeasures
{
    /// <summary>
    /// First four bytes of SHA-256 over the float32 logits in memory order (little-endian), as a little-endian
    /// number.
    /// </summary>
    internal static uint Fingerprint(ReadOnlySpan<float> logits)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(logits), digest);
        return BinaryPrimitives.ReadUInt32LittleEndian(digest);
    }

    /// <summary>
    /// Log-probability of the choice, and of the likeliest tokens. For people: no consensus rests on it.
    /// </summary>
    internal static (double Chosen, IReadOnlyList<TokenLogprob> Top) Logprobs(
        ReadOnlySpan<float> logits, uint chosen, int topCount)
    {
        float greatest = float.NegativeInfinity;
        foreach (float logit in logits)
        {
            greatest = Math.Max(greatest, logit);
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - greatest);
        }

        double scale = greatest + Math.Log(sum);
        if (topCount == 0)
        {
            return (logits[(int)chosen] - scale, []);
        }

        float[] keys = logits.ToArray();
        uint[] ids = [.. Enumerable.Range(0, keys.Length).Select(id => (uint)id)];
        Array.Sort(ids, (a, b) => keys[a] != keys[b] ? keys[b].CompareTo(keys[a]) : a.CompareTo(b));
        return (logits[(int)chosen] - scale,
            [.. ids.Take(topCount).Select(id => new TokenLogprob(id, keys[id] - scale))]);
    }
}
