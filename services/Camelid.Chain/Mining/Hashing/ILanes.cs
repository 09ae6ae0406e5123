namespace Camelid.Chain.Mining.Hashing;

/// <summary>
/// The words of several hashes side by side, one hash in each lane, and what SHA-256 (FIPS 180-4) does with them. One
/// kernel is compiled for each width.
/// </summary>
/// <typeparam name="TVector">As many 32-bit words as there are lanes.</typeparam>
/// <remarks>Sums wrap at 2^32. All is inlined: a call would cost more than the work.</remarks>
internal interface ILanes<TVector>
    where TVector : struct
{
    /// <summary>Lanes in a vector, at most 64.</summary>
    static abstract int Count { get; }

    /// <summary>0, 1, 2 …: each lane's place.</summary>
    static abstract TVector Places { get; }

    /// <summary>The same word in every lane.</summary>
    static abstract TVector Of(uint word);

    /// <summary>x + y.</summary>
    static abstract TVector Add(TVector x, TVector y);

    /// <summary>Ch: bits of y where x has ones, of z elsewhere.</summary>
    static abstract TVector Choose(TVector x, TVector y, TVector z);

    /// <summary>Maj: bits that at least two of three have.</summary>
    static abstract TVector Majority(TVector x, TVector y, TVector z);

    /// <summary>Σ0: rotations by 2, 13 and 22.</summary>
    static abstract TVector BigSigma0(TVector x);

    /// <summary>Σ1: rotations by 6, 11 and 25.</summary>
    static abstract TVector BigSigma1(TVector x);

    /// <summary>σ0: rotations by 7 and 18, and a shift by 3.</summary>
    static abstract TVector SmallSigma0(TVector x);

    /// <summary>σ1: rotations by 17 and 19, and a shift by 10.</summary>
    static abstract TVector SmallSigma1(TVector x);

    /// <summary>One bit for each lane, the first lane's lowest: its word is at most this.</summary>
    static abstract ulong AtMost(TVector x, uint limit);

    /// <summary>The words with their four bytes reversed.</summary>
    static abstract TVector ReverseBytes(TVector x);
}
