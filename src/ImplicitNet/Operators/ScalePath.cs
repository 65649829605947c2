using TorchSharp.Modules;
using static TorchSharp.torch;

namespace ImplicitNet.Operators;

/// <summary>
/// How one scale hears another: down by convolutions of 3 x 3 and stride 2, one for each halving, with a group normalisation behind each
/// and ReLU between them; up, or across, by one of 1 x 1, a group normalisation, and the nearest pixel.
/// </summary>
internal sealed class ScalePath : nn.Module<Tensor, Tensor>
{
    private readonly (Conv2d Convolution, GroupNormalization Normalization)[] _layers;
    private readonly (int Height, int Width) _size;

    /// <summary>Creates it with weights drawn as torch's layers draw them.</summary>
    /// <param name="inputs">Channels of the scale that is heard.</param>
    /// <param name="outputs">Channels of the scale that hears.</param>
    /// <param name="halvings">How often the first is halved for the second; 0 or below for across and up.</param>
    /// <param name="size">Of the images of the scale that hears.</param>
    /// <param name="weight">That of the last norm; null for one that is learned.</param>
    /// <param name="dtype">Of the weights.</param>
    public ScalePath(long inputs, long outputs, int halvings, (int Height, int Width) size, double? weight, ScalarType dtype)
        : base(nameof(ScalePath))
    {
        _size = size;
        _layers = new (Conv2d, GroupNormalization)[Math.Max(1, halvings)];
        for (int place = 0; place < _layers.Length; place++)
        {
            bool isLast = place == _layers.Length - 1;
            long next = isLast ? outputs : inputs;
            Conv2d convolution = halvings > 0
                ? nn.Conv2d(inputs, next, 3, stride: 2, padding: 1, bias: false, dtype: dtype)
                : nn.Conv2d(inputs, next, 1, bias: false, dtype: dtype);
            _layers[place] = (convolution, new GroupNormalization(next, dtype, weight: isLast ? weight : null));
            register_module($"convolution{place + 1}", convolution);
            register_module($"normalization{place + 1}", _layers[place].Normalization);
        }
    }

    /// <inheritdoc/>
    /// <returns>[batch, outputs, height, width], a tensor that is no other's. In the caller's dispose scope.</returns>
    public override Tensor forward(Tensor input)
    {
        Tensor image = input;
        for (int place = 0; place < _layers.Length; place++)
        {
            (Conv2d convolution, GroupNormalization normalization) = _layers[place];
            image = normalization.Apply(convolution.call(image), isRectified: place < _layers.Length - 1);
        }

        return image.shape[2] == _size.Height && image.shape[3] == _size.Width
            ? image
            : nn.functional.interpolate(image, size: [_size.Height, _size.Width], mode: InterpolationMode.Nearest);
    }
}
