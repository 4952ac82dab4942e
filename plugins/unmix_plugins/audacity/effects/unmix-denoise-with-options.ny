$nyquist plug-in
$version 4
$type process
$name (_ "Denoise with Options")
$debugbutton disabled
$preview disabled
$author (_ "Unmix")
$release 0.1.0
$copyright (_ "MIT")

$control model (_ "Model") choice (("auto" (_ "Automatic"))
                                   ("deepfilternet3" (_ "DeepFilterNet3: speech, best"))
                                   ("rnnoise" (_ "RNNoise: speech, fast"))
                                   ("wiener" (_ "Wiener: music"))) 0
$control limit (_ "Lower noise by at most (dB; 100: as far as the model can)") float "" 100 0 100
$control result (_ "Result") choice (("denoise" (_ "Replaces the selection"))
                                     ("denoise_copy" (_ "Becomes a new track"))
                                     ("noise_copy" (_ "New track with the removed noise"))) 0

(setf unmix-home (strcat (get '*system-dir* 'user-plug-in) "/"))
(load (strcat unmix-home "unmix-folder.lsp") :verbose nil)
(load (strcat unmix-home "unmix.lsp") :verbose nil)
(unmix (nth result '("denoise" "denoise_copy" "noise_copy"))
       (list (cons "denoise_model" (nth model '("auto" "deepfilternet3" "rnnoise" "wiener")))
             (cons "attenuation_limit_db" (if (< limit 100) (format nil "~a" limit) ""))))
