using Camelid.Chain.Peers;

namespace Camelid.Chain.Tests.Peers;

/// <summary>A network and the nodes that a test puts into it.</summary>
public abstract class NetBed : IDisposable
{
    private readonly List<NetNode> nodes = [];

    internal VirtualNet Net { get; } = new();

    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => nodes.ForEach(node => node.Dispose());

    internal NetNode Node(PeerOptions? options = null, NodeSetting? setting = null)
    {
        nodes.Add(new NetNode(Net, nodes.Count + 1, options, setting));
        return nodes[^1];
    }

    internal NetNode[] Nodes(int count, PeerOptions? options = null) =>
        [.. Enumerable.Range(0, count).Select(_ => Node(options))];

    /// <summary>Nodes of which each is connected to the one before it.</summary>
    internal NetNode[] Line(int count, PeerOptions? options = null)
    {
        NetNode[] line = Nodes(count, options);
        for (int i = 1; i < count; i++)
        {
            line[i].ConnectTo(line[i - 1]);
        }

        Assert.True(Net.RunUntil(() => line.All(node => node.ReadyCount > 0), 10));
        return line;
    }
}
