using System.Buffers.Binary;
using Camelid.Protocol.Jobs;

namespace Camelid.Protocol.Verification;

/// <summary>
/// Rule V-07: which output positions a level checks. The worker must not know the secret before it committed.
/// </summary>
public static class PositionDraw
{
    /// <summary>The tag of the hash.</summary>
    public const string Tag = "camelid/draw";

    /// <summary>
    /// The positions, ascending, each once: all for Full; the first, the last and the drawn ones otherwise.
    /// </summary>
    /// <param name="level">The job's level.</param>
    /// <param name="sampledPositions">How many to draw for Sampled; Spot draws one.</param>
    /// <param name="outputTokens">Output tokens B, 0 … <see cref="JobParameters.TokensMax"/>.</param>
    /// <param name="secret">The checker's secret randomness.</param>
    /// <param name="testamentHash">What the draw is for, so that one secret serves many outputs.</param>
    public static IReadOnlyList<int> Draw(
        VerificationLevel level, uint sampledPositions, int outputTokens, Hash256 secret, Hash256 testamentHash)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(outputTokens);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(outputTokens, JobParameters.TokensMax);
        long wanted = level switch
        {
            VerificationLevel.Spot => 1,
            VerificationLevel.Sampled => sampledPositions,
            VerificationLevel.Full => outputTokens,
            _ => throw new ArgumentOutOfRangeException(nameof(level), level, "no such level"),
        };
        int inner = Math.Max(0, outputTokens - 2);
        if (wanted >= inner)
        {
            return [.. Enumerable.Range(0, outputTokens)];
        }

        // The first `wanted` places of a shuffle (Fisher and Yates): exactly as many draws as positions.
        int[] places = [.. Enumerable.Range(1, inner)];
        for (int i = 0; i < wanted; i++)
        {
            // 64 bits over at most 2^17 places: the remainder's bias is below 2^-46.
            Hash256 drawn = Hashes.Tagged(
                Tag, new CanonicalWriter().Hash(secret).Hash(testamentHash).UInt32((uint)i).Written);
            int other = i + (int)(BinaryPrimitives.ReadUInt64LittleEndian(drawn.ToBytes()) % (ulong)(inner - i));
            (places[i], places[other]) = (places[other], places[i]);
        }

        return [0, .. places.Take((int)wanted).Order(), outputTokens - 1];
    }
}
