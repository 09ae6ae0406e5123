using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Camelid.ModelRuntime.Engine;

/// <summary>What is said about the logits of a position beside the choice.</summary>
internal static class LogitMeasures
{
    /// <summary>
    /// Rule S-17: the fingerprint of a position is the first four bytes of SHA-256 over its float32 logits in memory
    /// order (little-endian), as a little-endian number.
    /// </summary>
    internal static uint Fingerprint(ReadOnlySpan<float> logits)
    {
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(MemoryMarshal.AsBytes(logits), digest);
        return BinaryPrimitives.ReadUInt32LittleEndian(digest);
    }

    /// <summary>
    /// Log-probability (natural) of the choice, and of the likeliest tokens, of equals the lowest id first. For people:
    /// no consensus rests on it. A logit that is not finite takes no part; allocates nothing where topCount is 0.
    /// </summary>
    internal static (double Chosen, IReadOnlyList<TokenLogprob> Top) Logprobs(
        ReadOnlySpan<float> logits, uint chosen, int topCount)
    {
        double scale = LogSumExp(logits);
        return (logits[(int)chosen] - scale, topCount == 0 ? [] : Likeliest(logits, scale, topCount));
    }

    private static double LogSumExp(ReadOnlySpan<float> logits)
    {
        ReadOnlySpan<Vector<float>> lanes = MemoryMarshal.Cast<float, Vector<float>>(logits);
        ReadOnlySpan<float> tail = logits[(lanes.Length * Vector<float>.Count)..];
        Vector<float> most = new(float.NegativeInfinity);
        foreach (Vector<float> lane in lanes)
        {
            most = Vector.MaxNative(most, Finite(lane));
        }

        float greatest = float.NegativeInfinity;
        for (int lane = 0; lane < Vector<float>.Count; lane++)
        {
            greatest = Math.Max(greatest, most[lane]);
        }

        foreach (float logit in tail)
        {
            greatest = float.IsFinite(logit) ? Math.Max(greatest, logit) : greatest;
        }

        Vector<double> sums = Vector<double>.Zero;
        Vector<float> subtrahend = new(greatest);
        foreach (Vector<float> lane in lanes)
        {
            Vector.Widen(Vector.Exp(Finite(lane) - subtrahend), out Vector<double> low, out Vector<double> high);
            sums += low + high;
        }

        double sum = Vector.Sum(sums);
        foreach (float logit in tail)
        {
            sum += float.IsFinite(logit) ? Math.Exp((double)logit - greatest) : 0;
        }

        return greatest + Math.Log(sum);
    }

    private static Vector<float> Finite(Vector<float> logits) => Vector.ConditionalSelect(
        Vector.LessThan(Vector.Abs(logits), new Vector<float>(float.PositiveInfinity)),
        logits,
        new Vector<float>(float.NegativeInfinity));

    /// <summary>The list is kept in order while the logits are passed over once; few of them enter it.</summary>
    private static TokenLogprob[] Likeliest(ReadOnlySpan<float> logits, double scale, int topCount)
    {
        TokenLogprob[] top = new TokenLogprob[Math.Min(topCount, logits.Length)];
        int count = 0;
        float least = float.NegativeInfinity;
        for (int id = 0; id < logits.Length; id++)
        {
            // Written so that what is no number does not enter.
            if (!(logits[id] > least) || !float.IsFinite(logits[id]))
            {
                continue;
            }

            int place = count < top.Length ? count++ : count - 1;
            double logprob = logits[id] - scale;
            for (; place > 0 && top[place - 1].Logprob < logprob; place--)
            {
                top[place] = top[place - 1];
            }

            top[place] = new TokenLogprob((uint)id, logprob);
            least = count == top.Length ? logits[(int)top[^1].TokenId] : least;
        }

        return count == top.Length ? top : top[..count];
    }
}
