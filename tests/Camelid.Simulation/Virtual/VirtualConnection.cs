using Camelid.Chain.Peers;

namespace Camelid.Simulation.Virtual;

/// <summary>One connection: two directions, each in order.</summary>
internal sealed class VirtualConnection
{
    private readonly VirtualNetwork network;
    private readonly Direction there;
    private readonly Direction back;

    /// <summary>A connection that is open on both sides.</summary>
    public VirtualConnection(
        VirtualNetwork network, VirtualTransport caller, PeerId callerId, VirtualTransport taker, PeerId takerId)
    {
        this.network = network;
        Caller = caller;
        Taker = taker;
        there = new Direction(this, caller, callerId, taker, takerId);
        back = new Direction(this, taker, takerId, caller, callerId);
    }

    /// <summary>Who opened it.</summary>
    public VirtualTransport Caller { get; }

    /// <summary>Who was called.</summary>
    public VirtualTransport Taker { get; }

    /// <summary>True once nothing goes over it any more.</summary>
    public bool IsBroken { get; private set; }

    /// <summary>Bytes that a side has sent and that have not arrived.</summary>
    public long QueuedBytes(VirtualTransport sender) => From(sender).QueuedBytes;

    /// <summary>A frame goes out.</summary>
    public void Send(VirtualTransport sender, byte[] frame) => From(sender).Send(frame);

    /// <summary>One side ends it: what is under way still arrives, then the other side hears of it.</summary>
    public void CloseFrom(VirtualTransport sender)
    {
        From(sender).SendEnd();
        Opposite(sender).Drop();
    }

    /// <summary>It ends for both sides, with what is under way lost.</summary>
    public void Break()
    {
        if (IsBroken)
        {
            return;
        }

        IsBroken = true;
        network.Forget(this);
        there.Drop();
        back.Drop();
        Caller.TellClosed(there.SenderId);
        Taker.TellClosed(back.SenderId);
    }

    private Direction From(VirtualTransport sender) => sender == Caller ? there : back;

    private Direction Opposite(VirtualTransport sender) => sender == Caller ? back : there;

    private void End(Direction ended)
    {
        if (!IsBroken)
        {
            IsBroken = true;
            network.Forget(this);
            ended.Receiver.TellClosed(ended.ReceiverId);
        }
    }

    private sealed class Direction(
        VirtualConnection connection, VirtualTransport sender, PeerId senderId, VirtualTransport receiver,
        PeerId receiverId)
    {
        private const int DrainBytes = 65_536;

        private readonly Queue<(TimeSpan ReadyAt, byte[]? Bytes)> frames = [];
        private TimeSpan lastReadyAt;
        private TimeSpan pausedUntil;
        private bool isPumping;
        private bool isDropped;
        private bool isHeavy;

        public PeerId SenderId => senderId;

        public PeerId ReceiverId => receiverId;

        public VirtualTransport Receiver => receiver;

        public long QueuedBytes { get; private set; }

        public void Send(byte[] frame)
        {
            VirtualWorld world = connection.network.World;
            if (frame.Length > 1 && world.Random.NextDouble() < connection.network.Links.SplitChance)
            {
                int cut = world.Random.Next(1, frame.Length);
                Add(frame[..cut]);
                Add(frame[cut..]);
                return;
            }

            Add(frame);
        }

        public void SendEnd() => Add(null);

        public void Drop()
        {
            isDropped = true;
            frames.Clear();
            QueuedBytes = 0;
        }

        private void Add(byte[]? bytes)
        {
            if (isDropped || connection.IsBroken)
            {
                return;
            }

            VirtualWorld world = connection.network.World;
            TimeSpan readyAt = world.Now + connection.network.Delay(bytes?.Length ?? 0);
            lastReadyAt = readyAt > lastReadyAt ? readyAt : lastReadyAt;
            frames.Enqueue((lastReadyAt, bytes));
            QueuedBytes += bytes?.Length ?? 0;
            isHeavy |= QueuedBytes > DrainBytes;
            Pump();
        }

        private void Pump()
        {
            if (isPumping || frames.Count == 0)
            {
                return;
            }

            isPumping = true;
            TimeSpan readyAt = frames.Peek().ReadyAt;
            connection.network.World.At(readyAt > pausedUntil ? readyAt : pausedUntil, Deliver);
        }

        private void Deliver()
        {
            isPumping = false;
            if (isDropped || connection.IsBroken || !frames.TryDequeue(out (TimeSpan ReadyAt, byte[]? Bytes) frame))
            {
                return;
            }

            if (frame.Bytes is null)
            {
                connection.End(this);
                return;
            }

            VirtualWorld world = connection.network.World;
            if (connection.network.IsCut(connection)
                || world.Random.NextDouble() < connection.network.Links.ResetChance)
            {
                connection.Break();
                return;
            }

            QueuedBytes -= frame.Bytes.Length;
            connection.network.NoteDelivered(receiver, frame.Bytes);
            pausedUntil = world.Now + receiver.TellReceived(receiverId, frame.Bytes);
            if (isHeavy && QueuedBytes < DrainBytes)
            {
                isHeavy = false;
                sender.TellDrained(senderId);
            }

            Pump();
        }
    }
}
