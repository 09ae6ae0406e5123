using Camelid.JobPool.Telemetry;
using Camelid.JobPool.Trade;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;

namespace Camelid.JobPool.Tests.Trade;

/// <summary>What other operators' nodes do wrong is scored, forgiven in time, and remembered within bounds.</summary>
public sealed class NodeConductTests : IDisposable
{
    private readonly JobMetrics metrics = new();
    private readonly SteppedTime time = new();
    private readonly NodeConduct conduct;

    public NodeConductTests() => conduct = new NodeConduct(metrics, time, NullLogger<NodeConduct>.Instance);

    public void Dispose() => metrics.Dispose();

    [Theory]
    [InlineData(TradeFault.Malformed, 4)]
    [InlineData(TradeFault.WrongSignature, 4)]
    [InlineData(TradeFault.OtherNetwork, 4)]
    [InlineData(TradeFault.BadCommitment, 2)]
    [InlineData(TradeFault.OtherJob, 50)]
    [InlineData(TradeFault.NotSealedHere, 50)]
    internal void A_node_is_not_listened_to_after_so_many_faults(TradeFault fault, int faults)
    {
        ByteString node = NodeOf(1);
        for (int i = 0; i < faults - 1; i++)
        {
            conduct.Refuse(node, "message", fault, "test");
        }

        Assert.True(conduct.Admit(node));
        conduct.Refuse(node, "message", fault, "test");
        Assert.False(conduct.Admit(node));
        Assert.True(conduct.Admit(NodeOf(2)));
    }

    [Fact]
    public void Faults_are_forgiven_ten_minutes_after_the_last_one()
    {
        ByteString node = NodeOf(1);
        conduct.Refuse(node, "message", TradeFault.BadCommitment, "test");
        time.Step(TimeSpan.FromMinutes(9));
        conduct.Refuse(node, "message", TradeFault.BadCommitment, "test");
        time.Step(TimeSpan.FromMinutes(10) - TimeSpan.FromTicks(1));
        Assert.False(conduct.Admit(node));
        time.Step(TimeSpan.FromTicks(1));
        Assert.True(conduct.Admit(node));
    }

    [Fact]
    public void A_flood_is_cut_off_until_the_minute_is_over()
    {
        ByteString node = NodeOf(1);
        for (int i = 0; i < NodeConduct.MessagesPerMinute; i++)
        {
            Assert.True(conduct.Admit(node));
        }

        Assert.False(conduct.Admit(node));
        time.Step(TimeSpan.FromMinutes(1));
        Assert.True(conduct.Admit(node));
    }

    [Fact]
    public void However_many_nodes_come_the_memory_is_bounded_and_the_latest_offender_stays()
    {
        ByteString offender = NodeOf(0);
        for (int i = 1; i <= NodeConduct.NodesMax * 3; i++)
        {
            time.Step(TimeSpan.FromTicks(1));
            conduct.Admit(NodeOf(i));
            Assert.True(conduct.Count <= NodeConduct.NodesMax);
        }

        time.Step(TimeSpan.FromTicks(1));
        conduct.Refuse(offender, "message", TradeFault.BadCommitment, "test");
        conduct.Refuse(offender, "message", TradeFault.BadCommitment, "test");
        Assert.False(conduct.Admit(offender));
    }

    private static ByteString NodeOf(int number) =>
        ByteString.CopyFrom([.. BitConverter.GetBytes(number), .. new byte[16]]);

    /// <summary>A clock that a test moves.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        private long ticks = 1;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public void Step(TimeSpan by) => ticks += by.Ticks;

        public override long GetTimestamp() => ticks;
    }
}
