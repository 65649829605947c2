using ImplicitNet.Differentiation;
using TorchSharp;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// <c>prox_(alpha f)</c> of an activation that is <c>prox_f</c>, element by element: with <c>z = act(p)</c> the subgradient of f is
/// <c>p - z</c>, so that <c>z + alpha (p - z) = x</c> is one equation for p, <c>h(p) = (1 - alpha) act(p) + alpha p - x = 0</c>.
/// </summary>
/// <remarks>
/// The slope of act is in [0, 1], so that of h lies between min(1, alpha) and max(1, alpha): one root, which h itself brackets. Newton's
/// method within the bracket, and its middle where a step leaves it.
/// </remarks>
internal static class ScalarResolvent
{
    private const int MostSteps = 200;

    // Of the terms of h: what their sum in float64 may be off by.
    private const double Rounding = 16 * 2.220446049250313e-16;

    // More than a smooth act takes. Newton's method goes round in circles between the kinks of a staircase: then every other step halves
    // the bracket.
    private const int NewtonSteps = 20;

    /// <summary>act at the root: the shape and dtype of x, without a graph. The caller owns it.</summary>
    /// <param name="activation">Nowhere falls, and nowhere faster than x.</param>
    /// <param name="x">Any shape, float32 or float64.</param>
    /// <param name="alpha">Above 0.</param>
    public static Tensor Solve(Func<Tensor, Tensor> activation, Tensor x, double alpha)
    {
        using DisposeScope scope = NewDisposeScope();
        Tensor target = x.detach().to(ScalarType.Float64);
        Tensor point = target.clone();
        (Tensor activated, Tensor value, Tensor slope) = At(activation, point, target, alpha);

        // A little more than to the root, so that one at the end, as of straight pieces, lies within.
        Tensor reach = value.abs() * (1.001 / Math.Min(1, alpha));
        (Tensor lower, Tensor upper) = (point - reach, point + reach);
        for (int step = 1; step <= MostSteps; step++)
        {
            // Act is no further from its value at the root than h from 0, whatever alpha. What is not finite compares as false.
            Tensor terms = target.abs() + (point.abs() * alpha) + (activated.abs() * Math.Abs(1 - alpha));
            Tensor isOpen = value.abs() > terms * Rounding;
            if (!isOpen.any().ToBoolean())
            {
                break;
            }

            lower = where(value <= 0, maximum(lower, point), lower);
            upper = where(value >= 0, minimum(upper, point), upper);
            Tensor newton = point - (value / slope);
            bool isHalved = step > NewtonSteps && step % 2 == 0;
            Tensor next = isHalved
                ? Halved(lower, upper)
                : where((newton > lower).logical_and(newton < upper), newton, (lower + upper) / 2);
            point = where(isOpen, next, point);
            (activated, value, slope) = At(activation, point, target, alpha);
        }

        return activated.to(x.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>Between the ends of a bracket. Of a wide one half the digits, so that none takes more steps than there are.</summary>
    private static Tensor Halved(Tensor lower, Tensor upper)
    {
        Tensor digits = (Digits(lower) + Digits(upper)) / 2;
        return where(upper - lower > 1, digits.sign() * digits.abs().expm1(), (lower + upper) / 2);

        static Tensor Digits(Tensor x) => x.sign() * x.abs().log1p();
    }

    private static (Tensor Activated, Tensor Value, Tensor Slope) At(
        Func<Tensor, Tensor> activation, Tensor point, Tensor target, double alpha)
    {
        using IDisposable graph = enable_grad();
        Tensor at = point.detach().requires_grad_();
        Tensor value = activation(at);
        Tensor slope = value.requires_grad ? VectorProducts.TransposeProduct(value, at, ones_like(at)) : zeros_like(at);
        Tensor activated = value.detach();

        // In an order in which no term is larger than those of h: alpha p may be all that is left of a p far out, and act of p all but p.
        Tensor sum = alpha < 1 ? (activated * (1 - alpha)) + (point * alpha) : ((activated - point) * (1 - alpha)) + point;
        return (activated, sum - target, (slope.detach() * (1 - alpha)) + alpha);
    }
}
