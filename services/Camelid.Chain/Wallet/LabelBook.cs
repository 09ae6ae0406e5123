using Camelid.Chain.Blocks;
using Camelid.Chain.Keys;
using Camelid.Contracts.Chain.V1;
using Camelid.Protocol.Keys;
using Camelid.Protocol.Transactions;

namespace Camelid.Chain.Wallet;

/// <summary>
/// Names that a person gave to addresses and transactions. They are this node's alone: no words restore them.
/// </summary>
internal sealed class LabelBook(ChainState state, WalletStore store)
{
    /// <summary>Longest name, in characters.</summary>
    public const int LabelMax = 100;

    /// <summary>Most names.</summary>
    public const int LabelsMax = 10_000;

    /// <summary>Names a subject, or takes its name back.</summary>
    /// <exception cref="Grpc.Core.RpcException">Subject or name is not in form, or there are too many.</exception>
    public async Task<LabelList> SetAsync(Label label, CancellationToken cancellationToken)
    {
        if (!Address.TryParse(label.Subject, state.Network, out _) && !Txid.TryParse(label.Subject, out _))
        {
            throw WalletRefusal.Bad(
                $"subject: '{label.Subject}' is neither an address of the network {state.Network.Name} nor a "
                + "transaction id of 64 digits");
        }

        if (label.Text.Length > LabelMax || label.Text.Any(char.IsControl))
        {
            throw WalletRefusal.Bad($"text: not one line of at most {LabelMax} characters");
        }

        IReadOnlyDictionary<string, string> all = await AllAsync(cancellationToken);
        if (all.Count >= LabelsMax && label.Text.Length > 0 && !all.ContainsKey(label.Subject))
        {
            throw WalletRefusal.Refused("too-many-labels", $"there are {LabelsMax} labels: take some back first");
        }

        await store.LabelAsync(label.Subject, label.Text, cancellationToken);
        return await ListAsync(cancellationToken);
    }

    /// <summary>All names, by subject.</summary>
    public async Task<IReadOnlyDictionary<string, string>> AllAsync(CancellationToken cancellationToken) =>
        (await store.LabelsAsync(cancellationToken)).ToDictionary(row => row.Subject, row => row.Label);

    /// <summary>All names as a message.</summary>
    public async Task<LabelList> ListAsync(CancellationToken cancellationToken)
    {
        LabelList list = new();
        list.Labels.AddRange((await store.LabelsAsync(cancellationToken))
            .Select(row => new Label { Subject = row.Subject, Text = row.Label }));
        return list;
    }
}
