using ImplicitNet.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>
/// The steps that were taken, for a gradient: every sample's lengths, and the states that some of its steps began with: every one, every
/// second, every fourth, ..., as many as fit into a budget.
/// </summary>
internal sealed class StepTape : IDisposable
{
    private const long PageBytes = 1 << 20;

    private readonly Tensor _like;
    private readonly LatentLayout _layout;
    private readonly List<double>[] _sizes;
    private readonly List<int>[] _kept;
    private readonly List<ArenaRows> _pages;
    private readonly Stack<int> _free = new();
    private readonly long _budget;
    private readonly long _rowBytes;
    private readonly int _pageRows;

    /// <summary>An empty tape.</summary>
    /// <param name="start">The states at the start: [batch, ...].</param>
    /// <param name="budget">Bytes of states that it may keep; those of the start are kept whatever it says.</param>
    public StepTape(Tensor start, long budget)
    {
        int batch = (int)start.shape[0];
        _pages = [];
        _layout = LatentLayout.Of(start);
        _like = start.narrow(0, 0, Math.Min(1, batch)).detach().clone().DetachFromDisposeScope();
        _rowBytes = Math.Max(1, (batch == 0 ? 0 : start.numel() / batch) * start.dtype.ElementSize());
        _budget = budget;
        _pageRows = (int)Math.Clamp(Math.Min(PageBytes, budget) / _rowBytes, 1, 1 << 16);
        _sizes = [.. Enumerable.Range(0, batch).Select(_ => new List<double>())];
        _kept = [.. Enumerable.Range(0, batch).Select(_ => new List<int>())];
    }

    private StepTape(StepTape tape, List<ArenaRows> pages)
    {
        (_like, _layout, _sizes, _kept, _pages, Stride) = (tape._like, tape._layout, tape._sizes, tape._kept, pages, tape.Stride);
        (_budget, _rowBytes, _pageRows) = (tape._budget, tape._rowBytes, tape._pageRows);
    }

    /// <summary>Every so many steps the state was kept.</summary>
    public int Stride { get; private set; } = 1;

    /// <summary>Bytes of states that the pages hold.</summary>
    public long Bytes => _pages.Count * (long)_pageRows * _rowBytes;

    /// <summary>Steps of a sample.</summary>
    public int Steps(int sample) => _sizes[sample].Count;

    /// <summary>The length of a step, with its sign.</summary>
    public double Size(int sample, int step) => _sizes[sample][step];

    /// <summary>Takes note of the steps that are about to be taken.</summary>
    /// <param name="rows">The arena, with the states before the step.</param>
    /// <param name="samples">The sample of every row.</param>
    /// <param name="sizes">The step of every row.</param>
    /// <param name="accepted">Which rows are meant.</param>
    public void Add(RowArena rows, ReadOnlySpan<int> samples, ReadOnlySpan<double> sizes, ReadOnlySpan<bool> accepted)
    {
        for (int row = 0; row < samples.Length; row++)
        {
            if (!accepted[row])
            {
                continue;
            }

            List<double> lengths = _sizes[samples[row]];
            if (lengths.Count % Stride == 0)
            {
                int slot = Slot();

                // Making room may have left out every second step, this one among them.
                if (lengths.Count % Stride == 0)
                {
                    ArenaRows page = _pages[slot / _pageRows];
                    rows.Write(row, RungeKuttaIteration.State, 0, [], RungeKuttaIteration.Stages, page, slot % _pageRows);
                    _kept[samples[row]].Add(slot);
                }
                else
                {
                    _free.Push(slot);
                }
            }

            lengths.Add(sizes[row]);
        }
    }

    /// <summary>Puts a kept state into a row of an arena.</summary>
    /// <param name="rows">The arena.</param>
    /// <param name="block">The block there.</param>
    /// <param name="row">The row there.</param>
    /// <param name="sample">Whose state.</param>
    /// <param name="step">The step that begins with it, a multiple of <see cref="Stride"/>.</param>
    public void Read(RowArena rows, int block, int row, int sample, int step)
    {
        int slot = _kept[sample][step / Stride];
        rows.ReadRow(_pages[slot / _pageRows], slot % _pageRows, block, row);
    }

    /// <summary>Gives the pages of states away.</summary>
    /// <returns>[rows, n] each. The caller owns them.</returns>
    public Tensor[] TakePages()
    {
        Tensor[] pages = [.. _pages.Select(page => page.Values)];
        _pages.Clear();
        return pages;
    }

    /// <summary>The same tape with the pages that were given away.</summary>
    /// <param name="pages">As <see cref="TakePages"/> gave them; the caller keeps them.</param>
    /// <returns>Not to be disposed.</returns>
    public StepTape With(Tensor[] pages) => new(this, [.. pages.Select(page => ArenaRows.Of(page, _layout))]);

    /// <inheritdoc/>
    public void Dispose()
    {
        _like.Dispose();
        foreach (ArenaRows page in _pages)
        {
            page.Dispose();
        }
    }

    /// <summary>A place for a state; where there is none within the budget, every second state goes.</summary>
    private int Slot()
    {
        while (_free.Count == 0)
        {
            bool isFull = Bytes + ((long)_pageRows * _rowBytes) > _budget && _pages.Count > 0;
            if (!isFull || !Thin())
            {
                int first = _pages.Count * _pageRows;
                _pages.Add(ArenaRows.Unset(_like, _pageRows));
                for (int slot = first + _pageRows - 1; slot >= first; slot--)
                {
                    _free.Push(slot);
                }
            }
        }

        return _free.Pop();
    }

    /// <summary>Leaves out every second state; false where every sample has its start alone.</summary>
    private bool Thin()
    {
        if (!Array.Exists(_kept, kept => kept.Count > 1))
        {
            return false;
        }

        Stride *= 2;
        foreach (List<int> kept in _kept)
        {
            for (int index = 1; index < kept.Count; index += 2)
            {
                _free.Push(kept[index]);
            }

            int[] left = [.. kept.Where((_, index) => index % 2 == 0)];
            kept.Clear();
            kept.AddRange(left);
        }

        return true;
    }
}
