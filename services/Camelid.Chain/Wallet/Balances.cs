using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Chain.Mempool;
using Camelid.Chain.Signing;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;
using Google.Protobuf;

namespace Camelid.Chain.Wallet;

/// <summary>The operator's coins, by role.</summary>
internal sealed class Balances(ChainState state, TransactionPool pool, OfferSigner offers)
{
    /// <summary>Counts them.</summary>
    public async Task<BalancesReply> CountAsync(CancellationToken cancellationToken)
    {
        TxOutput[] waiting = [.. pool.List().SelectMany(entry => entry.Transaction.Outputs)];
        BalancesReply reply = new();
        reply.Roles.AddRange(Enum.GetValues<KeyRole>().Select(role => Of(role, waiting)));
        (reply.DepositsFree, reply.DepositsOpen) = await offers.CountDepositsAsync(cancellationToken);
        return reply;
    }

    private RoleBalance Of(KeyRole role, TxOutput[] waiting)
    {
        RoleKey key = state.Keys[role];
        RoleBalance balance = new()
        {
            Role = SeedFile.NameOf(role),
            Address = key.Address.ToString(),
            PublicKey = ByteString.CopyFrom(key.Public.Span),
            UnconfirmedGrains = waiting.Where(output => output.Script == key.Address.ToScript())
                .Sum(output => output.Value.Grains),
        };
        state.Read(reading =>
        {
            foreach (Utxo coin in reading.Outputs.Own(OutputKind.Address, role).Values)
            {
                bool isMature = coin.IsMatureAt(reading.Tip.Height + 1, state.Network);
                balance.ImmatureGrains += isMature ? 0 : coin.Output.Value.Grains;
                balance.SpendableGrains += isMature ? coin.Output.Value.Grains : 0;
            }

            balance.DepositsGrains = Sum(reading, OutputKind.Deposit, role);
            balance.StakesGrains = Sum(reading, OutputKind.Stake, role);
            balance.PaymentsGrains = Sum(reading, OutputKind.Payment, role);
            return balance;
        });
        return balance;
    }

    private static long Sum(ChainReading reading, OutputKind kind, KeyRole role) =>
        reading.Outputs.Own(kind, role).Values.Sum(utxo => utxo.Output.Value.Grains);
}
