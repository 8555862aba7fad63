# Debian's programs by SUSE's names.
wrap m4 m4
wrap make make
wrap procmail procmail
wrap mailx s-nail
wrap cyrus-sasl-saslauthd sasl2-bin
wrap cyrus-sasl-plain libsasl2-modules
