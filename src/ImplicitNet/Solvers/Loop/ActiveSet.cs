using ImplicitNet.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Solvers.Loop;

/// <summary>
/// The samples still in the batch of a solve. Finished ones are first ignored, and leave (the batch is made smaller)
/// once there are enough of them to pay for the copies.
/// </summary>
internal sealed class ActiveSet : IDisposable
{
    // A finished share of 1/32 bounds what is paid for finished samples to 3 %; a compaction copies three times the
    // latents, a thirtieth or less of one convolution of 32 channels.
    private const int CompactionDivisor = 32;

    private readonly MeteredMap _whole;
    private readonly bool _isForeign;
    private FixedPointMap _map;
    private bool[] _finished;
    private int _finishedCount;
    private readonly List<int> _justFinished = [];

    public ActiveSet(MeteredMap map, Tensor start, Func<FixedPointMap, Tensor, FixedPointIteration> begin)
    {
        int count = (int)start.shape[0];
        _whole = map;
        _map = map;
        _finished = new bool[count];
        Samples = [.. Enumerable.Range(0, count)];
        Iteration = begin(map, start);
        _isForeign = Iteration.GetType().Assembly != typeof(ActiveSet).Assembly;
    }

    public FixedPointIteration Iteration { get; }

    /// <summary>A step of the iteration; checked where that is not the library's own.</summary>
    public FixedPointStep Step() => _isForeign ? LatentContract.Step(Iteration.Step(), Samples.Count) : Iteration.Step();

    /// <summary>The original position of every sample in the batch as it is now.</summary>
    public IReadOnlyList<int> Samples { get; private set; }

    /// <summary>Samples not yet finished.</summary>
    public int Count => Samples.Count - _finishedCount;

    /// <summary>The iterate of the step before, for the same samples; null at the first step.</summary>
    public Tensor? Previous { get; private set; }

    public bool IsFinished(int position) => _finished[position];

    public void Finish(int position)
    {
        _finished[position] = true;
        _finishedCount++;
        _justFinished.Add(position);
    }

    public void Save(BestIterates answers, Tensor? iterate, List<int> positions)
    {
        if (positions.Count > 0)
        {
            answers.Save(iterate!, positions, [.. positions.Select(position => Samples[position])]);
        }
    }

    /// <summary>Takes over the iterate just measured and leaves out the finished samples when that pays.</summary>
    public void MoveOn(Tensor measured)
    {
        Previous?.Dispose();
        Previous = measured;
        if (_justFinished.Count > 0)
        {
            Iteration.Finish(_justFinished, [.. _justFinished.Select(position => Samples[position])]);
            _justFinished.Clear();
        }

        if (Count == 0 || _finishedCount == 0 || _finishedCount * CompactionDivisor < Samples.Count)
        {
            return;
        }

        int[] kept = [.. Enumerable.Range(0, Samples.Count).Where(position => !_finished[position])];
        using DisposeScope scope = NewDisposeScope();
        Tensor rows = RowIndices.Of(kept, measured.device);
        int[] samples = [.. kept.Select(position => Samples[position])];

        // Of the whole map: a restriction need not outlive the one it was made of.
        FixedPointMap restricted = _whole.Restrict(RowIndices.Of(samples, measured.device));
        Iteration.Restrict(restricted, rows);
        Previous = LatentLayout.SelectRows(measured, rows).DetachFromDisposeScope();
        measured.Dispose();
        DisposeMap();
        _map = restricted;
        Samples = samples;
        _finished = new bool[kept.Length];
        _finishedCount = 0;
    }

    public void Dispose()
    {
        Iteration.Dispose();
        Previous?.Dispose();
        DisposeMap();
    }

    private void DisposeMap()
    {
        if (!ReferenceEquals(_map, _whole))
        {
            _map.Dispose();
        }
    }
}
