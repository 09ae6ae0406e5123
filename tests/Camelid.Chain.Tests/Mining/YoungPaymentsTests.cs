using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Protocol;
using Camelid.Protocol.Jobs;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Scripts;
using Camelid.Protocol.Transactions;
using Camelid.Secp256k1;

namespace Camelid.Chain.Tests.Mining;

/// <summary>Rule E-32 between operators: who mines on demand mines for the claims of others.</summary>
public sealed class YoungPaymentsTests : IDisposable
{
    private const uint Start = 1_800_000_000;

    private readonly string folder = Directory.CreateTempSubdirectory("camelid-young").FullName;
    private readonly ManualTime time = new(DateTimeOffset.FromUnixTimeSeconds(Start));

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData(1, 3600, 2)]
    [InlineData(20, 3600, 6)]
    [InlineData(1, -1, 1)]
    public async Task A_payment_to_another_operators_worker_is_buried_for_its_claim_while_there_can_be_one(
        long coins, int secondsToRefund, int depth)
    {
        await using ChainHost chain = await ChainHost.StartAsync(folder, time);
        int before = chain.Tip.Height;
        Assert.True(chain.Pool.Accept(PaymentOf(chain, coins, secondsToRefund)).IsAccepted);

        await chain.RunAsync();

        Assert.Equal(before + depth, chain.Tip.Height);
    }

    private static Transaction PaymentOf(ChainHost chain, long coins, int secondsToRefund)
    {
        RoleKey miner = chain.State.Keys[KeyRole.Miner];
        (OutPoint place, Utxo coin) = chain.State.Read(reading => reading.Outputs.Own(OutputKind.Address, KeyRole.Miner)
            .First(pair => pair.Value.IsMatureAt(reading.Tip.Height + 1, chain.State.Network)
                && pair.Value.Output.Value.Grains > coins * Amount.GrainsPerCoin));
        ISecp256k1 curve = Secp256k1Provider.Create();
        PrivateKey stranger = PrivateKey.FromBytes(Hashes.Sha256([7]).ToBytes(), curve)!;
        Script payment = new PaymentScript(
            Hashes.Sha256([1]), Hash160.Of([2]), curve.PublicKeyOf(stranger),
            (uint)(Start + secondsToRefund), miner.Public).Build();
        Transaction transaction = Transaction.Create(
            2, [new TxInput(place, Script.Empty, TxInput.SequenceFinal)],
            [
                new TxOutput(Amount.Grain(coins * Amount.GrainsPerCoin), payment),
                new TxOutput(
                    Amount.Grain(coin.Output.Value.Grains - (coins * Amount.GrainsPerCoin) - 10_000),
                    miner.Address.ToScript()),
            ],
            0, new JobId(Hashes.Sha256([3])));
        byte[] signature = SignatureHash.Sign(
            transaction, 0, coin.Output.Script, miner.Private, chain.State.Curve);
        return transaction.WithScript(0, P2pkhScript.Unlock(signature, miner.Public));
    }
}
