using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Flows.Loop;

/// <summary>The steps of a Runge-Kutta method on the rows of a batch: proposes, and knows no tolerance.</summary>
internal sealed class RungeKuttaIteration : IDisposable
{
    /// <summary>The block of the states that steps begin with.</summary>
    public const int State = 0;

    /// <summary>The block of the states that they end with.</summary>
    public const int Next = 2;

    /// <summary>The block of the first stage; the others follow it.</summary>
    public const int Stages = 3;

    // What the field is given, and may write into.
    private const int Argument = 1;

    private readonly ButcherTableau _tableau;
    private readonly FieldMeter _field;
    private readonly ScalarType _dtype;
    private readonly Device _device;
    private Tensor _time;
    private readonly bool _isFirstSameAsLast;
    private double[] _at = [];
    private bool _hasFirst;

    /// <summary>Begins.</summary>
    /// <param name="tableau">The method.</param>
    /// <param name="field">The field; the caller keeps it.</param>
    /// <param name="start">[batch, ...], not changed.</param>
    /// <param name="counted">Numbers of a row that norms are of, the first ones; null: all.</param>
    public RungeKuttaIteration(ButcherTableau tableau, FieldMeter field, Tensor start, int? counted = null)
    {
        (_tableau, _field, _dtype, _device) = (tableau, field, start.dtype, start.device);
        _isFirstSameAsLast = tableau.IsFirstSameAsLast;
        Rows = RowArenas.Like(start, Stages + tableau.Stages, counted);
        Rows.Take(State, start);
        _time = empty(start.shape[0], start.dtype, start.device).DetachFromDisposeScope();
    }

    /// <summary>States and stages.</summary>
    public RowArena Rows { get; }

    /// <summary>Evaluates the first stage.</summary>
    /// <param name="times">Where the steps begin.</param>
    public void Begin(ReadOnlySpan<double> times)
    {
        if (!_hasFirst)
        {
            Rows.Combine(Argument, State, [], [], Stages);
            Evaluate(0, times, []);
            _hasFirst = true;
        }
    }

    /// <summary>Proposes a step of every row.</summary>
    /// <param name="times">Where it begins.</param>
    /// <param name="sizes">How long it is; negative: backward.</param>
    public void Step(ReadOnlySpan<double> times, ReadOnlySpan<double> sizes)
    {
        using DisposeScope scope = NewDisposeScope();
        Begin(times);
        int last = _tableau.Stages - 1;
        for (int stage = 1; stage <= last; stage++)
        {
            if (stage == last && _isFirstSameAsLast)
            {
                Rows.Combine(Next, State, sizes, _tableau.Weights, Stages);
                Rows.Combine(Argument, Next, [], [], Stages);
                Evaluate(stage, times, sizes);
                return;
            }

            Rows.Combine(Argument, State, sizes, _tableau.Coefficients[stage], Stages);
            Evaluate(stage, times, sizes);
        }

        Rows.Combine(Next, State, sizes, _tableau.Weights, Stages);
    }

    /// <summary>Evaluates the field after an Euler step, into the second stage.</summary>
    public void Probe(ReadOnlySpan<double> times, ReadOnlySpan<double> sizes)
    {
        Rows.Combine(Argument, State, sizes, [1], Stages);
        Evaluate(1, times, sizes, node: 1);
    }

    /// <summary>States within the step proposed. The next step overwrites them.</summary>
    /// <param name="share">Of the step.</param>
    /// <param name="sizes">How long it is.</param>
    /// <returns>[count, ...]. The arena owns it.</returns>
    public Tensor Between(double share, ReadOnlySpan<double> sizes)
    {
        Rows.Combine(Argument, State, sizes, _tableau.InterpolationAt(share), Stages);
        return Rows.View(Argument);
    }

    /// <summary>Takes the steps of some rows that were proposed.</summary>
    public void Accept(ReadOnlySpan<bool> rows)
    {
        bool isAll = !rows.Contains(false);
        Move(Next, State, rows, isAll);
        if (_isFirstSameAsLast || _tableau.IsOfParts)
        {
            Move(Stages + _tableau.Stages - 1, Stages, rows, isAll);
        }
        else
        {
            _hasFirst = !rows.Contains(true);
        }
    }

    /// <summary>Goes on with some rows; the field has been restricted to them.</summary>
    public void Keep(int[] rows)
    {
        Rows.Keep(rows, [State, Stages]);
        using Tensor before = _time;
        _time = empty(rows.Length, _dtype, _device).DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Rows.Dispose();
        _time.Dispose();
    }

    private void Move(int from, int to, ReadOnlySpan<bool> rows, bool isAll)
    {
        if (isAll)
        {
            Rows.Exchange(from, to);
        }
        else
        {
            Rows.Copy(from, to, rows);
        }
    }

    private void Evaluate(int stage, ReadOnlySpan<double> times, ReadOnlySpan<double> sizes) =>
        Evaluate(stage, times, sizes, _tableau.Nodes[stage]);

    private void Evaluate(int stage, ReadOnlySpan<double> times, ReadOnlySpan<double> sizes, double node)
    {
        if (_at.Length != times.Length)
        {
            _at = new double[times.Length];
        }

        for (int row = 0; row < _at.Length; row++)
        {
            _at[row] = node == 0 ? times[row] : times[row] + (node * sizes[row]);
        }

        StageTimes.Write(_at, _time);
        Rows.Take(Stages + stage, _field.Evaluate(_time, Rows.View(Argument), stage));
    }
}
