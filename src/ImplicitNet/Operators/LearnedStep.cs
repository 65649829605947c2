using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// The length of a step, learned between two limits whatever its parameter is: <c>least + (most - least) sigmoid(logit)</c>.
/// </summary>
internal sealed class LearnedStep : nn.Module
{
    [ComponentName(Name = "logit")]
    private readonly Parameter _logit;
    private readonly (double Least, double Most) _range;

    /// <summary>Creates it.</summary>
    /// <param name="range">Both limits, the first below the second.</param>
    /// <param name="stepLength">What it is to begin with, between them.</param>
    /// <param name="like">A tensor whose dtype and device it takes.</param>
    /// <exception cref="ArgumentOutOfRangeException">It is not between the limits.</exception>
    public LearnedStep((double Least, double Most) range, double stepLength, Tensor like)
        : base(nameof(LearnedStep))
    {
        if (!(stepLength > range.Least && stepLength < range.Most))
        {
            throw new ArgumentOutOfRangeException(
                nameof(stepLength),
                stepLength,
                FormattableString.Invariant($"The step must be between {range.Least:g6} and {range.Most:g6}."));
        }

        _range = range;
        using Tensor logit = full([], Math.Log((stepLength - range.Least) / (range.Most - stepLength)), like.dtype, like.device);
        _logit = new Parameter(logit);
        _logit.DetachFromDisposeScope();
        RegisterComponents();
    }

    /// <summary>The parameter.</summary>
    public Parameter Logit => _logit;

    /// <summary>The length: [], in the graph of the parameter. The caller owns it.</summary>
    public Tensor Value()
    {
        using DisposeScope scope = NewDisposeScope();
        return (_range.Least + ((_range.Most - _range.Least) * _logit.sigmoid())).MoveToOuterDisposeScope();
    }

    /// <summary>The length, as it is applied.</summary>
    public double Number()
    {
        using IDisposable noGraph = no_grad();
        using DisposeScope scope = NewDisposeScope();
        return Value().to(ScalarType.Float64).ToDouble();
    }
}
