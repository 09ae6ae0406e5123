using Camelid.Chain.Blocks;
using Camelid.Chain.Index;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Protocol;
using Camelid.Protocol.Blocks;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Wallet;

/// <summary>
/// Rule W-09: balance and coins follow from addresses, blocks and mempool alone, so that a wallet restored from its
/// words has what it had before.
/// </summary>
internal sealed class WalletCoins(
    ChainState state, TransactionPool pool, OutputIndex outputs, BlockIntake intake)
{
    /// <summary>Pictures that are begun anew where a block came in between; the last one is given as it is.</summary>
    private const int TriesMax = 4;

    /// <summary>The coins of some addresses as they are now.</summary>
    public async Task<WalletPicture> TakeAsync(IAddressSource addresses, CancellationToken cancellationToken)
    {
        for (int i = 1; ; i++)
        {
            BlockHash tip = state.Read(reading => reading.Tip.Hash);
            await intake.CatchUpAsync(cancellationToken);
            AddressScan scan = await addresses.ScanAsync(cancellationToken);
            IReadOnlyList<OutputRow> rows = await outputs.UnspentAsync([.. scan.Places.Keys], cancellationToken);
            WalletPicture picture = Draw(scan, rows);
            if (i == TriesMax || state.Read(reading => reading.Tip.Hash) == tip)
            {
                return picture;
            }
        }
    }

    private WalletPicture Draw(AddressScan scan, IReadOnlyList<OutputRow> rows)
    {
        (int height, Dictionary<OutPoint, WalletCoin> coins) = state.Read(reading =>
            (reading.Tip.Height, rows.Where(row => row.Kind == (long)OutputKind.Address)
                .Select(row => CoinOf(scan, row, reading)).OfType<WalletCoin>()
                .ToDictionary(coin => coin.OutPoint)));
        Dictionary<OutPoint, long> locked = rows.Where(row => row.Kind != (long)OutputKind.Address)
            .ToDictionary(OutPointOf, row => row.Grains);
        List<WaitingMove> moves = [];
        foreach (PoolEntry entry in pool.List())
        {
            if (Follow(scan, coins, locked, entry) is { } move)
            {
                moves.Add(move);
            }
        }

        return new WalletPicture
        {
            Height = height,
            Addresses = scan,
            Coins = [.. coins.Values],
            Waiting = moves,
            LockedGrains = locked.Values.Sum(),
        };
    }

    /// <summary>The index may be a block behind or ahead: what counts is the unspent outputs of this moment.</summary>
    private WalletCoin? CoinOf(AddressScan scan, OutputRow row, ChainReading reading)
    {
        OutPoint outPoint = OutPointOf(row);
        return !reading.Outputs.TryGet(outPoint, out Utxo? utxo) ? null : new WalletCoin
        {
            OutPoint = outPoint,
            Output = utxo.Output,
            Place = scan.Places[Hash160.FromBytes(Convert.FromHexString(row.Owner))],
            Height = utxo.Height,
            IsImmature = !utxo.IsMatureAt(reading.Tip.Height + 1, state.Network),
        };
    }

    /// <summary>Takes a waiting transaction in: parents come before their children.</summary>
    private static WaitingMove? Follow(
        AddressScan scan, Dictionary<OutPoint, WalletCoin> coins, Dictionary<OutPoint, long> locked, PoolEntry entry)
    {
        long spent = 0;
        int ownInputs = 0;
        foreach (TxInput input in entry.Transaction.Inputs)
        {
            if (coins.TryGetValue(input.Previous, out WalletCoin? coin))
            {
                coins[input.Previous] = coin with { IsSpent = true };
                spent += coin.Grains;
                ownInputs++;
            }
            else if (locked.Remove(input.Previous, out long grains))
            {
                spent += grains;
                ownInputs++;
            }
        }

        long received = 0;
        for (int i = 0; i < entry.Transaction.Outputs.Count; i++)
        {
            TxOutput output = entry.Transaction.Outputs[i];
            (Hash160 owner, OutputKind kind) = OutputOwner.Of(output.Script);
            if (!scan.Places.TryGetValue(owner, out KeyPlace place))
            {
                continue;
            }

            received += output.Value.Grains;
            OutPoint outPoint = new(entry.Txid, (uint)i);
            if (kind == OutputKind.Address)
            {
                bool isOwn = ownInputs == entry.Transaction.Inputs.Count;
                coins[outPoint] = new WalletCoin
                {
                    OutPoint = outPoint, Output = output, Place = place, IsOwnChange = isOwn,
                };
            }
            else
            {
                locked[outPoint] = output.Value.Grains;
            }
        }

        return spent == 0 && received == 0 ? null : new WaitingMove(entry, received, spent);
    }

    private static OutPoint OutPointOf(OutputRow row) => Txid.TryParse(row.Txid, out Txid txid)
        ? new OutPoint(txid, (uint)row.OutputIndex)
        : throw new IndexDamagedException($"the index has the transaction '{row.Txid}'");
}
