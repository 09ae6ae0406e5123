using Camelid.Chain.Blocks;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Tests.Mempool;

/// <summary>Rules M-14 and M-15: blocks come and go.</summary>
public sealed class PoolFollowTests : IAsyncLifetime
{
    private PoolBed bed = null!;
    private Queue<TestCoin> coins = null!;

    public async ValueTask InitializeAsync() => (bed, coins) = await PoolBed.OpenAsync(60);

    public ValueTask DisposeAsync() => bed.DisposeAsync();

    /// <summary>Rule M-14.</summary>
    [Fact]
    public void What_a_block_holds_leaves_and_its_children_stay()
    {
        Transaction parent = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 1_000));
        List<PoolChange> changes = [];
        bed.Pool.Changed += changes.Add;
        bed.Mine(parent);
        Assert.Equal([(parent.Txid, (PoolDeparture?)PoolDeparture.Mined)],
            changes.Select(change => (change.Entry.Txid, change.Departure)));
        Assert.Equal([child], bed.Pool.Select(bed.Time.UnixSeconds).Select(chosen => chosen.Transaction));
    }

    /// <summary>Rule M-14.</summary>
    [Fact]
    public void What_spends_the_same_as_a_block_leaves_with_all_that_rests_on_it()
    {
        TestCoin coin = coins.Dequeue();
        Transaction loser = bed.Enter(PoolBed.Pass(coin, 1_000));
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(loser, 0), 1_000));
        Transaction other = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        bed.Mine(PoolBed.Pass(coin, 2_000));
        Assert.False(bed.Pool.Has(loser.Txid) || bed.Pool.Has(child.Txid));
        Assert.True(bed.Pool.Has(other.Txid));
        Assert.Equal(2, bed.Pool.Statistics().Departures[PoolDeparture.Conflict]);
    }

    /// <summary>Rule M-15: parents first, under children that wait already.</summary>
    [Fact]
    public void After_a_reorg_the_transactions_come_back_below_their_children()
    {
        Transaction parent = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 1_000));
        BlockEntry fork = bed.Tip;
        bed.Mine(parent, child);
        Transaction grandchild = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(child, 0), 5_000));
        bed.MineBeside(fork, 2);
        Assert.Equal(3, bed.Pool.Count);
        Assert.Equal(
            [parent, child, grandchild],
            bed.Pool.Select(bed.NextTime(bed.Tip)).Select(chosen => chosen.Transaction));
        bed.MineSelected();
        Assert.Equal(0, bed.Pool.Count);
    }

    /// <summary>Rule M-15: what the new branch spends otherwise does not come back, and its children leave.</summary>
    [Fact]
    public void What_the_new_branch_contradicts_leaves_with_its_children()
    {
        TestCoin coin = coins.Dequeue();
        Transaction parent = PoolBed.Pass(coin, 1_000);
        BlockEntry fork = bed.Tip;
        bed.Mine(parent);
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 1_000));
        Transaction other = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        bed.MineBeside(fork, 2, PoolBed.Pass(coin, 2_000));
        Assert.False(bed.Pool.Has(parent.Txid) || bed.Pool.Has(child.Txid));
        Assert.True(bed.Pool.Has(other.Txid));
        Assert.Equal(1, bed.Pool.Statistics().Departures[PoolDeparture.Reorganised]);
    }

    /// <summary>Rule M-15: a transaction that both branches hold does not come back, and its children stay.</summary>
    [Fact]
    public void What_both_branches_hold_stays_in_the_chain()
    {
        Transaction parent = PoolBed.Pass(coins.Dequeue(), 1_000);
        BlockEntry fork = bed.Tip;
        bed.Mine(parent);
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(parent, 0), 1_000));
        bed.MineBeside(fork, 2, parent);
        Assert.Equal([child.Txid], bed.Pool.List().Select(entry => entry.Txid));
        bed.MineSelected();
    }

    /// <summary>Rule M-15: children of a mined one stay, though its outputs are all spent again.</summary>
    [Fact]
    public void A_mined_transaction_whose_outputs_are_all_spent_is_not_mistaken_for_a_lost_one()
    {
        Transaction a = bed.Enter(PoolBed.Pass(coins.Dequeue(), 1_000));
        Transaction b = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(a, 0), 1_000));
        Transaction c = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(b, 0), 1_000));
        BlockEntry fork = bed.Tip;
        bed.Mine();
        bed.MineBeside(fork, 2, a, b);
        Assert.Equal([c.Txid], bed.Pool.List().Select(entry => entry.Txid));
    }

    /// <summary>Rule M-15: a coinbase of a block that left does not come back, and what spends it leaves.</summary>
    [Fact]
    public void What_spends_a_coinbase_that_is_no_more_leaves()
    {
        BlockEntry fork = bed.Tip;
        Transaction coinbase = bed.Mine().Transactions[0];
        for (int i = 0; i < 9; i++)
        {
            bed.Mine();
        }

        Transaction spends = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(coinbase, 0), 1_000));
        Transaction child = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(spends, 0), 1_000));
        bed.MineBeside(fork, 11);
        Assert.False(bed.Pool.Has(spends.Txid) || bed.Pool.Has(child.Txid));
    }

    /// <summary>Rule M-15: a coinbase that becomes too young again.</summary>
    [Fact]
    public void What_spends_a_coinbase_that_is_not_mature_any_more_leaves()
    {
        Transaction coinbase = bed.Mine().Transactions[0];
        for (int i = 0; i < 9; i++)
        {
            bed.Mine();
        }

        Transaction spends = bed.Enter(PoolBed.Pass(PoolBed.CoinOf(coinbase, 0), 1_000));
        bed.Core.Invalidate(bed.Tip.Hash);
        Assert.False(bed.Pool.Has(spends.Txid));
        Assert.Equal(RuleCode.CoinbaseImmature, bed.Accept(spends).Code);
    }

    /// <summary>Rules M-10 and M-15: after a reorg a claim rests on an unconfirmed payment, and leaves.</summary>
    [Fact]
    public void A_claim_whose_payment_left_the_chain_leaves_and_the_payment_waits_again()
    {
        Transaction funding = PoolBed.Spend(
            [coins.Dequeue()], [new TxOutput(Amount.Grain(90_000_000), bed.Deposit())]);
        bed.Mine(funding);
        uint due = bed.Time.UnixSeconds;
        Transaction payment = PoolBed.Job(
            PoolBed.CoinOf(funding, 0), PoolBed.JobOf(1), due, 500, PoolBed.Payment(1_000_000, due));
        bed.Mine(payment);
        Transaction claim = bed.Enter(PoolBed.Redeem(PoolBed.CoinOf(payment, 0), 500));
        bed.Core.Invalidate(bed.Tip.Hash);
        Assert.Equal([payment.Txid], bed.Pool.List().Select(entry => entry.Txid));
        Assert.Equal(RuleCode.SpendsUnconfirmedJob, bed.Accept(claim).Code);

        // Without the deposit in a block, not even the payment.
        bed.Core.Invalidate(bed.Tip.Hash);
        Assert.Equal([funding.Txid], bed.Pool.List().Select(entry => entry.Txid));
    }

    /// <summary>Rules M-06 and M-15: where what comes back makes a chain too long, its end leaves.</summary>
    [Fact]
    public void What_comes_back_below_a_full_chain_cuts_the_end_of_it()
    {
        TestCoin coin = coins.Dequeue();
        List<Transaction> chain = [];
        for (int i = 0; i < 25; i++)
        {
            chain.Add(PoolBed.Pass(coin, 1_000));
            coin = PoolBed.CoinOf(chain[^1], 0);
        }

        bed.Mine(chain[0], chain[1]);
        for (int i = 2; i < 25; i++)
        {
            bed.Enter(chain[i]);
        }

        Transaction[] more = new Transaction[2];
        for (int i = 0; i < 2; i++)
        {
            more[i] = bed.Enter(PoolBed.Pass(coin, 1_000));
            coin = PoolBed.CoinOf(more[i], 0);
        }

        bed.Core.Invalidate(bed.Tip.Hash);
        Assert.Equal(25, bed.Pool.Count);
        Assert.False(bed.Pool.Has(more[0].Txid) || bed.Pool.Has(more[1].Txid));
        bed.MineSelected();
        Assert.Equal(0, bed.Pool.Count);
    }

    [Fact]
    public void What_arrived_after_a_place_in_the_order_is_told_in_order()
    {
        Transaction[] entered = [.. coins.Take(5).Select(coin => bed.Enter(PoolBed.Pass(coin, 1_000)))];
        IReadOnlyList<PoolEntry> all = bed.Pool.ArrivedAfter(0, 100);
        Assert.Equal(entered.Select(transaction => transaction.Txid), all.Select(entry => entry.Txid));
        Assert.Equal(all.Skip(2).Take(2), bed.Pool.ArrivedAfter(all[1].Sequence, 2));
        bed.Mine(entered[2]);
        Assert.Equal([all[3], all[4]], bed.Pool.ArrivedAfter(all[1].Sequence, 100));
        Assert.Empty(bed.Pool.ArrivedAfter(all[4].Sequence, 100));
    }
}
