namespace Camelid.ModelRuntime.Engine;

/// <summary>Requests that wait to be admitted, first come first served. Safe for several threads.</summary>
internal sealed class WaitingLine(int countMax)
{
    private readonly object gate = new();
    private readonly LinkedList<ActiveGeneration> waiting = [];
    private bool closed;

    /// <summary>Requests that wait.</summary>
    internal int Count
    {
        get
        {
            lock (gate)
            {
                return waiting.Count;
            }
        }
    }

    /// <summary>True once nothing is taken any more.</summary>
    internal bool IsClosed
    {
        get
        {
            lock (gate)
            {
                return closed;
            }
        }
    }

    /// <summary>Adds a request; false where the line is full or closed.</summary>
    internal bool TryAdd(ActiveGeneration generation)
    {
        lock (gate)
        {
            if (closed || waiting.Count >= countMax)
            {
                return false;
            }

            waiting.AddLast(generation);
            Monitor.Pulse(gate);
            return true;
        }
    }

    /// <summary>Takes no more requests; those who wait stay.</summary>
    internal void Close()
    {
        lock (gate)
        {
            closed = true;
            Monitor.PulseAll(gate);
        }
    }

    /// <summary>Waits for somebody; false once the line is closed and empty.</summary>
    internal bool Wait()
    {
        lock (gate)
        {
            while (waiting.Count == 0 && !closed)
            {
                Monitor.Wait(gate);
            }

            return waiting.Count > 0;
        }
    }

    /// <summary>The first of the line, who stays in it; null where nobody waits.</summary>
    internal ActiveGeneration? Peek()
    {
        lock (gate)
        {
            return waiting.First?.Value;
        }
    }

    /// <summary>Takes one out, wherever it stands.</summary>
    internal void Remove(ActiveGeneration generation)
    {
        lock (gate)
        {
            waiting.Remove(generation);
        }
    }

    /// <summary>Takes out all for whom a condition holds, and gives them to an action.</summary>
    internal void RemoveAll(Func<ActiveGeneration, bool> condition, Action<ActiveGeneration> action)
    {
        lock (gate)
        {
            LinkedListNode<ActiveGeneration>? node = waiting.First;
            while (node is not null)
            {
                LinkedListNode<ActiveGeneration>? next = node.Next;
                if (condition(node.Value))
                {
                    waiting.Remove(node);
                    action(node.Value);
                }

                node = next;
            }
        }
    }
}
