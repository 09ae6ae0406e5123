using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Camelid.Chain.Mining.Hashing;

/// <summary>Hashes as many nonces side by side as there are lanes.</summary>
/// <remarks>
/// The schedule of a block is in memory and only the state in registers: machines with 16 vector registers have no room
/// for both. Of the second hash, only the state word is computed that holds the highest bits (61 rounds, the last ones
/// without what nobody reads); whatever passes is hashed again by the platform, so a fault here can lose a nonce and
/// never invent one.
/// </remarks>
internal sealed class LaneSearch<TVector, TLanes> : NonceSearch
    where TVector : struct
    where TLanes : struct, ILanes<TVector>
{
    /// <summary>Vectors that begin at a multiple of this never lie across two cache lines.</summary>
    private const int AlignmentBytes = 64;

    /// <summary>Rounds that the two hashes have in common: of the first 4 to 59, of the second 0 to 55.</summary>
    private const int CommonRounds = 56;

    /// <summary>Rounds of the second hash until its highest word is known.</summary>
    private const int OuterRounds = 61;

    private readonly uint[] memory;
    private readonly int start;

    public LaneSearch()
    {
        int words = ((2 * Sha256Words.Rounds) + Sha256Words.StateWords) * TLanes.Count;
        memory = GC.AllocateArray<uint>(words + (AlignmentBytes / sizeof(uint)), pinned: true);
        nint address = Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        start = (int)((-address & (AlignmentBytes - 1)) / sizeof(uint));
    }

    /// <inheritdoc/>
    protected override uint? FindIn(HeaderWork work, uint first, uint last)
    {
        Span<TVector> vectors = MemoryMarshal.Cast<uint, TVector>(memory.AsSpan(start))
            [..((2 * Sha256Words.Rounds) + Sha256Words.StateWords)];
        Span<TVector> inner = vectors[..Sha256Words.Rounds];
        Span<TVector> outer = vectors.Slice(Sha256Words.Rounds, OuterRounds);
        Span<TVector> state = vectors[^Sha256Words.StateWords..];
        Prepare(work, inner, outer);
        for (ulong nonce = first; nonce <= last; nonce += (uint)TLanes.Count)
        {
            HashHeaders(work, (uint)nonce, inner, state);
            for (int i = 0; i < Sha256Words.StateWords; i++)
            {
                outer[i] = TLanes.Add(state[i], TLanes.Of(work.Midstate[i]));
            }

            TVector highest = TLanes.ReverseBytes(HighestWords(outer, state));
            for (ulong hits = TLanes.AtMost(highest, work.Limit); hits != 0; hits &= hits - 1)
            {
                ulong found = nonce + (uint)BitOperations.TrailingZeroCount(hits);
                if (found <= last && work.Reaches((uint)found))
                {
                    return (uint)found;
                }
            }
        }

        return null;
    }

    /// <summary>What is the same for every nonce: the words of the header, and the padding of both blocks.</summary>
    private static void Prepare(HeaderWork work, Span<TVector> inner, Span<TVector> outer)
    {
        for (int i = 0; i < work.Words.Length; i++)
        {
            inner[i] = TLanes.Of(work.Words[i]);
        }

        for (int i = Sha256Words.StateWords; i < Sha256Words.BlockWords; i++)
        {
            outer[i] = TLanes.Of(0);
        }

        outer[Sha256Words.StateWords] = TLanes.Of(HeaderWork.PaddingWord);
        outer[Sha256Words.BlockWords - 1] = TLanes.Of(32 * Sha256Words.StateWords);
    }

    /// <summary>The first hash from round 4 on: the state after the last round, before the midstate is added.</summary>
    private static void HashHeaders(HeaderWork work, uint first, Span<TVector> words, Span<TVector> state)
    {
        const int known = HeaderWork.NonceWord + 1;
        TVector nonces = TLanes.ReverseBytes(TLanes.Add(TLanes.Of(first), TLanes.Places));
        words[HeaderWork.NonceWord] = nonces;
        words[18] = TLanes.Add(TLanes.Of(work.Words[18]), TLanes.SmallSigma0(nonces));
        words[19] = TLanes.Add(TLanes.Of(work.Words[19]), nonces);
        Expand(words, 20);
        for (int i = 0; i < state.Length; i++)
        {
            state[i] = TLanes.Of(work.AfterNonce[i]);
        }

        state[0] = TLanes.Add(state[0], nonces);
        state[4] = TLanes.Add(state[4], nonces);
        RunRounds(state, words.Slice(known, CommonRounds), Sha256Words.RoundConstants.Slice(known, CommonRounds));
        (TVector a, TVector b, TVector c, TVector d) = (state[0], state[1], state[2], state[3]);
        (TVector e, TVector f, TVector g, TVector h) = (state[4], state[5], state[6], state[7]);
        ReadOnlySpan<uint> constants = Sha256Words.RoundConstants;
        Round(a, b, c, ref d, e, f, g, ref h, words[60], constants[60]);
        Round(h, a, b, ref c, d, e, f, ref g, words[61], constants[61]);
        Round(g, h, a, ref b, c, d, e, ref f, words[62], constants[62]);
        Round(f, g, h, ref a, b, c, d, ref e, words[63], constants[63]);
        (state[0], state[1], state[2], state[3]) = (e, f, g, h);
        (state[4], state[5], state[6], state[7]) = (a, b, c, d);
    }

    /// <summary>The last word of the second hash, whose bytes are the highest of the number that a hash is.</summary>
    private static TVector HighestWords(Span<TVector> words, Span<TVector> state)
    {
        Expand(words, Sha256Words.BlockWords);
        for (int i = 0; i < state.Length; i++)
        {
            state[i] = TLanes.Of(Sha256Words.Initial[i]);
        }

        RunRounds(state, words[..CommonRounds], Sha256Words.RoundConstants[..CommonRounds]);
        (TVector a, TVector b, TVector c, TVector d) = (state[0], state[1], state[2], state[3]);
        (TVector e, TVector f, TVector g, TVector h) = (state[4], state[5], state[6], state[7]);
        ReadOnlySpan<uint> constants = Sha256Words.RoundConstants;

        // What is h after round 63 was e after round 60; the other half of the last rounds is not needed.
        Round(a, b, c, ref d, e, f, g, ref h, words[56], constants[56]);
        c = TLanes.Add(c, Half(d, e, f, g, words[57], constants[57]));
        b = TLanes.Add(b, Half(c, d, e, f, words[58], constants[58]));
        a = TLanes.Add(a, Half(b, c, d, e, words[59], constants[59]));
        h = TLanes.Add(h, Half(a, b, c, d, words[60], constants[60]));
        return TLanes.Add(h, TLanes.Of(Sha256Words.Initial[7]));
    }

    /// <summary>The words of a schedule from one on, each out of the sixteen before it.</summary>
    private static void Expand(Span<TVector> words, int from)
    {
        for (int i = from; i < words.Length; i++)
        {
            words[i] = TLanes.Add(
                TLanes.Add(words[i - 16], words[i - 7]),
                TLanes.Add(TLanes.SmallSigma0(words[i - 15]), TLanes.SmallSigma1(words[i - 2])));
        }
    }

    /// <summary>As many rounds as there are words: a multiple of eight, so that each name ends in its place.</summary>
    private static void RunRounds(Span<TVector> state, ReadOnlySpan<TVector> words, ReadOnlySpan<uint> constants)
    {
        (TVector a, TVector b, TVector c, TVector d) = (state[0], state[1], state[2], state[3]);
        (TVector e, TVector f, TVector g, TVector h) = (state[4], state[5], state[6], state[7]);
        while (words.Length >= 8 && constants.Length >= 8)
        {
            Round(a, b, c, ref d, e, f, g, ref h, words[0], constants[0]);
            Round(h, a, b, ref c, d, e, f, ref g, words[1], constants[1]);
            Round(g, h, a, ref b, c, d, e, ref f, words[2], constants[2]);
            Round(f, g, h, ref a, b, c, d, ref e, words[3], constants[3]);
            Round(e, f, g, ref h, a, b, c, ref d, words[4], constants[4]);
            Round(d, e, f, ref g, h, a, b, ref c, words[5], constants[5]);
            Round(c, d, e, ref f, g, h, a, ref b, words[6], constants[6]);
            Round(b, c, d, ref e, f, g, h, ref a, words[7], constants[7]);
            words = words[8..];
            constants = constants[8..];
        }

        (state[0], state[1], state[2], state[3]) = (a, b, c, d);
        (state[4], state[5], state[6], state[7]) = (e, f, g, h);
    }

    /// <summary>A round: d becomes the next e, h the next a. A state is eight words: hence the arguments.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(
        TVector a, TVector b, TVector c, ref TVector d, TVector e, TVector f, TVector g, ref TVector h,
        TVector word, uint constant)
    {
        h = Half(e, f, g, h, word, constant);
        d = TLanes.Add(d, h);
        h = TLanes.Add(TLanes.Add(h, TLanes.Majority(a, b, c)), TLanes.BigSigma0(a));
    }

    /// <summary>What a round adds to d, T1 of the standard: the part of the round that needs no a, b and c.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Half(TVector e, TVector f, TVector g, TVector h, TVector word, uint constant) => TLanes.Add(
        TLanes.Add(TLanes.Add(TLanes.Add(h, word), TLanes.Of(constant)), TLanes.Choose(e, f, g)),
        TLanes.BigSigma1(e));
}
