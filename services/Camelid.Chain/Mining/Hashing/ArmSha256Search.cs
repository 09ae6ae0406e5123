using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;

namespace Camelid.Chain.Mining.Hashing;

/// <summary>
/// Arm's SHA-256 instructions: four rounds each, two nonces side by side, since one alone would wait for itself.
/// </summary>
/// <remarks>What passes is hashed again by the platform: a fault here can lose a nonce and never invent one.</remarks>
internal sealed class ArmSha256Search : NonceSearch
{
    private const int Streams = 2;

    /// <summary>True where the processor has the instructions.</summary>
    public static bool IsSupported => Sha256.IsSupported && AdvSimd.IsSupported;

    /// <inheritdoc/>
    protected override uint? FindIn(HeaderWork work, uint first, uint last)
    {
        for (ulong nonce = first; nonce <= last; nonce += Streams)
        {
            (uint one, uint other) = HighestWords(work, (uint)nonce);
            if (one <= work.Limit && work.Reaches((uint)nonce))
            {
                return (uint)nonce;
            }

            if (other <= work.Limit && nonce < last && work.Reaches((uint)nonce + 1))
            {
                return (uint)nonce + 1;
            }
        }

        return null;
    }

    /// <summary>The 32 highest bits of the hashes of a nonce and of the one after it.</summary>
    private static (uint One, uint Other) HighestWords(HeaderWork work, uint nonce)
    {
        ReadOnlySpan<Vector128<uint>> midstate = MemoryMarshal.Cast<uint, Vector128<uint>>(work.Midstate);
        ReadOnlySpan<Vector128<uint>> initial = MemoryMarshal.Cast<uint, Vector128<uint>>(Sha256Words.Initial);
        ReadOnlySpan<Vector128<uint>> tail = MemoryMarshal.Cast<uint, Vector128<uint>>(work.Words)[..4];
        Vector128<uint> padding = Vector128.CreateScalar(HeaderWork.PaddingWord);
        Vector128<uint> length = Vector128<uint>.Zero.WithElement(3, 32u * Sha256Words.StateWords);
        Pair one = new(midstate), other = new(midstate);
        Words words = new(WithNonce(tail[0], nonce), tail[1], tail[2], tail[3]);
        Words otherWords = new(WithNonce(tail[0], nonce + 1), tail[1], tail[2], tail[3]);
        Run(ref one, ref words, ref other, ref otherWords);
        words = new Words(one.Abcd + midstate[0], one.Efgh + midstate[1], padding, length);
        otherWords = new Words(other.Abcd + midstate[0], other.Efgh + midstate[1], padding, length);
        one = new Pair(initial);
        other = new Pair(initial);
        Run(ref one, ref words, ref other, ref otherWords);
        Vector128<uint> added = initial[1];
        return (
            LaneOne.ReverseBytes((one.Efgh + added).GetElement(3)),
            LaneOne.ReverseBytes((other.Efgh + added).GetElement(3)));
    }

    private static Vector128<uint> WithNonce(Vector128<uint> words, uint nonce) =>
        words.WithElement(HeaderWork.NonceWord, LaneOne.ReverseBytes(nonce));

    /// <summary>The 64 rounds of two blocks.</summary>
    private static void Run(ref Pair one, ref Words words, ref Pair other, ref Words otherWords)
    {
        ReadOnlySpan<Vector128<uint>> constants =
            MemoryMarshal.Cast<uint, Vector128<uint>>(Sha256Words.RoundConstants);
        for (int i = 0; i < constants.Length; i++)
        {
            one.FourRounds(words.First + constants[i]);
            other.FourRounds(otherWords.First + constants[i]);
            words.Next();
            otherWords.Next();
        }
    }

    /// <summary>A state in the two registers that the instructions take.</summary>
    private struct Pair(ReadOnlySpan<Vector128<uint>> state)
    {
        public Vector128<uint> Abcd = state[0];
        public Vector128<uint> Efgh = state[1];

        /// <summary>Four rounds with the sums of their words and constants.</summary>
        public void FourRounds(Vector128<uint> sums)
        {
            Vector128<uint> before = Abcd;
            Abcd = Sha256.HashUpdate1(before, Efgh, sums);
            Efgh = Sha256.HashUpdate2(Efgh, before, sums);
        }
    }

    /// <summary>The sixteen words of the schedule that the next rounds need.</summary>
    private struct Words(
        Vector128<uint> first, Vector128<uint> second, Vector128<uint> third, Vector128<uint> fourth)
    {
        public Vector128<uint> First = first;
        private Vector128<uint> second = second;
        private Vector128<uint> third = third;
        private Vector128<uint> fourth = fourth;

        /// <summary>Moves on by four words.</summary>
        public void Next()
        {
            Vector128<uint> made = Sha256.ScheduleUpdate1(Sha256.ScheduleUpdate0(First, second), third, fourth);
            (First, second, third, fourth) = (second, third, fourth, made);
        }
    }
}
