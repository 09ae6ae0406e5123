using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Wallet;

/// <summary>An output that pays to an address of the wallet and that no block spends.</summary>
internal sealed record WalletCoin
{
    /// <summary>Its name.</summary>
    public required OutPoint OutPoint { get; init; }

    /// <summary>The output.</summary>
    public required TxOutput Output { get; init; }

    /// <summary>Where its key is.</summary>
    public required KeyPlace Place { get; init; }

    /// <summary>The height of its block; 0 where it waits in the mempool.</summary>
    public int Height { get; init; }

    /// <summary>True for mined coin that the next block may not spend yet.</summary>
    public bool IsImmature { get; init; }

    /// <summary>True where it waits, and the wallet alone made it: nobody else can take it back.</summary>
    public bool IsOwnChange { get; init; }

    /// <summary>True where a waiting transaction spends it.</summary>
    public bool IsSpent { get; init; }

    /// <summary>Its coin, in grains.</summary>
    public long Grains => Output.Value.Grains;
}

/// <summary>A waiting transaction that moves coin of the wallet.</summary>
/// <param name="Entry">The transaction.</param>
/// <param name="ReceivedGrains">What comes.</param>
/// <param name="SpentGrains">What goes.</param>
internal sealed record WaitingMove(PoolEntry Entry, long ReceivedGrains, long SpentGrains);

/// <summary>The wallet's coins, in blocks and waiting, as one moment saw them.</summary>
internal sealed record WalletPicture
{
    /// <summary>The height that it is about.</summary>
    public required int Height { get; init; }

    /// <summary>The addresses.</summary>
    public required AddressScan Addresses { get; init; }

    /// <summary>The coins, spent by waiting transactions or not.</summary>
    public required IReadOnlyList<WalletCoin> Coins { get; init; }

    /// <summary>What waits, in order of arrival.</summary>
    public required IReadOnlyList<WaitingMove> Waiting { get; init; }

    /// <summary>Coin in deposits, stakes and payments of jobs.</summary>
    public required long LockedGrains { get; init; }

    /// <summary>Counts the coins.</summary>
    /// <param name="reserved">Coins that signed payments hold.</param>
    public WalletBalance Balance(IReadOnlySet<OutPoint> reserved)
    {
        WalletCoin[] left = [.. Coins.Where(coin => !coin.IsSpent)];
        WalletBalance balance = new()
        {
            SpendableGrains = Sum(coin => coin is { Height: > 0, IsImmature: false } && !Held(coin)),
            UnconfirmedGrains = Sum(coin => coin is { Height: 0, IsOwnChange: false }),
            ChangeGrains = Sum(coin => coin is { Height: 0, IsOwnChange: true } && !Held(coin)),
            ImmatureGrains = Sum(coin => coin.IsImmature),
            ReservedGrains = Sum(coin => (coin is { Height: > 0, IsImmature: false } || coin.IsOwnChange)
                && Held(coin)),
            LockedGrains = LockedGrains,
        };
        balance.TotalGrains = left.Sum(coin => coin.Grains) + LockedGrains;
        return balance;

        bool Held(WalletCoin coin) => reserved.Contains(coin.OutPoint);

        long Sum(Func<WalletCoin, bool> which) => left.Where(which).Sum(coin => coin.Grains);
    }
}
